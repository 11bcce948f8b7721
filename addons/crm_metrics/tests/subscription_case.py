from odoo.exceptions import ValidationError
from odoo.tests import Form

from .common import CrmMetricsCommon


class SubscriptionCase(CrmMetricsCommon):
    """Subscriptions of a salesperson, with reasons to close them and wizards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gone, cls.unpaid = cls.env["crm.subscription.close.reason"].create(
            [
                {"name": "Gone", "kind": "voluntary"},
                {"name": "Unpaid", "kind": "involuntary"},
            ]
        )

    def subscribe(self, price, **values):
        return super().subscribe(price, **{"user_id": self.seller.id, **values})

    def own(self, subscription):
        return subscription.with_user(self.seller)

    def wizard(self, name, subscription, user=None):
        """Open a wizard from the form of a subscription."""
        model = self.env[f"crm.subscription.{name}"].with_user(user or self.seller)
        return Form(
            model.with_context(
                active_model="crm.subscription",
                active_id=subscription[:1].id,
                active_ids=subscription.ids,
            )
        )

    def versions(self, subscription):
        return [
            (
                line.date_start and line.date_start.isoformat(),
                line.date_end and line.date_end.isoformat(),
                line.quantity,
                line.price_unit,
            )
            for line in subscription.line_ids.sorted(lambda line: line._first_day())
        ]

    def assertRefused(self, field, method, *args, **kwargs):
        """Expect a message that begins with a field, and nothing written."""
        with self.assertRaisesRegex(ValidationError, f"^{field}: "):
            method(*args, **kwargs)

    def reasons(self, kind):
        self.refresh()
        movements = self.env["crm.mrr.movement"].search(
            [("company_id", "=", self.company.id), ("kind", "=", kind)],
            order="date, id",
        )
        return [
            (movement.date.isoformat(), movement.reason, movement.close_reason_id)
            for movement in movements
        ]
