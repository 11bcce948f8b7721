import inspect

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import Command, models
from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import MOVEMENT, SEGMENT, CrmMetricsCommon

#: what methods of the façade want besides options, where they want it
FIGURES = {
    "bottleneck_deals": "entered",
    "nvl_customers": "new",
    "nps_records": "answers",
}
#: Every method of this addon that anybody who can log in may call by RPC, and who
#: looked after it: what is checked before anything is done.
REVIEWED = {
    "crm.metrics": {
        "recurring": "_options checks the group, then each argument",
        "recurring_cohorts": "_options checks the group, then each argument",
        "bottlenecks": "_options checks the group, then each argument",
        "bottleneck_deals": "_options checks the group, then each argument",
        "nvl": "_options checks the group, then each argument",
        "nvl_customers": "_options checks the group, then each argument",
        "segments": "_segment_options checks the group, then each argument",
        "nps": "_options checks the group, then each argument",
        "nps_records": "_options checks the group, then each argument",
    },
    "crm.customer.score.run": {
        "action_score_now": "_check_manager",
        "action_run": "_check_manager, then check_access",
        "action_view_scores": "check_access",
        "action_view_migrations": "check_access",
    },
    "crm.metrics.engine": {
        "recompute": "_check_manager",
        "audit": "_check_manager",
        "status": "_check_user",
    },
    "crm.metrics.issue": {"action_open_record": "check_access of issue and record"},
    "crm.purchase": {"action_open_source": "check_access of purchase and document"},
    "crm.purchase.entry": {
        "get_import_templates": "gives nothing but the path of a file",
        "load": "the ORM's own checks: it creates what create may",
    },
    "crm.mrr.movement": {"action_open_source": "check_access of movement and line"},
    "crm.stage.visit": {"action_open_lead": "check_access of visit and lead"},
    "crm.lead.event": {
        "import_events": "_check_manager, then each row; leads that one may read",
    },
    "crm.lead": {
        "action_crm_nps_ask": "check_access; opens a dialogue",
        "action_view_crm_nps_answers": "check_access",
        "action_create_crm_subscription": "check_access of lead and subscription",
        "action_view_crm_stage_visits": "check_access",
        "action_view_crm_subscriptions": "check_access",
    },
    "crm.subscription": {
        "action_view_movements": "check_access",
        "get_import_templates": "gives nothing but the path of a file",
        "load": "the ORM's own checks: it creates what create may",
    },
    **dict.fromkeys(
        (
            "crm.subscription.wizard",
            "crm.subscription.change",
            "crm.subscription.close",
            "crm.subscription.pause.start",
            "crm.subscription.renew",
            "crm.subscription.resume",
        ),
        {"action_apply": "check_access of the subscription"},
    ),
    "crm.nps.answer": {
        "action_contacted": "check_access",
        "action_include": "_check_may_exclude: group, then check_access",
        "get_import_templates": "gives nothing but the path of a file",
        "load": "the ORM's own checks, and those of create",
    },
    "crm.nps.exclude": {"action_apply": "_exclude checks group and answers"},
    "privacy.lookup.wizard.line": {
        "action_crm_nps_anonymise": "check_access: administrators alone have lines",
        "action_crm_nps_anonymise_all": "as above",
        "action_unlink": "as above",
    },
    "crm.nps.program": {
        "action_start": "_check_manager",
        "action_stop": "_check_manager",
        "action_send_trial": "_check_manager",
        "action_view_invitations": "check_access",
        "action_view_answers": "check_access",
    },
    "crm.nps.invitation": {
        "action_try_again": "the group of managers, then check_access"
    },
    "crm.nps.ask": {"action_ask": "_check_allowed: program, contacts, opportunities"},
    "res.partner": {
        "action_crm_nps_ask": "check_access; opens a dialogue",
        "action_view_crm_nps_answers": "check_access",
        "action_nps_allow": "the group of managers, then check_access",
        "action_view_crm_purchases": "check_access",
        "action_view_crm_scores": "check_access",
        "action_view_crm_subscriptions": "check_access",
    },
    "res.config.settings": {"action_crm_metrics_recompute": "engine.recompute"},
}
#: The ORM's own, which check access rights in super().
ORM = {"create", "write", "unlink", "copy", "copy_data", "default_get", "onchange"}


class TestPublicMethods(CrmMetricsCommon):
    def test_each_public_method_has_been_reviewed(self):
        """A method without underscore is an endpoint for every logged-in user."""
        found = {}
        for model in self.env.registry.values():
            for cls in model.mro():
                if not cls.__module__.startswith("odoo.addons.crm_metrics."):
                    continue
                for name, member in vars(cls).items():
                    if name in ORM or not inspect.isfunction(inspect.unwrap(member)):
                        continue
                    if self.is_public(self.env[model._name], name):
                        found.setdefault(model._name, set()).add(name)
        reviewed = {model: set(methods) for model, methods in REVIEWED.items()}
        self.maxDiff = None
        self.assertEqual(found, reviewed)

    def is_public(self, model, name):
        try:
            get_public_method(model, name)
        except (AccessError, AttributeError):
            return False
        return True

    def test_what_only_reads_says_so(self):
        """Such calls go to a replica where there is one."""
        for name in REVIEWED["crm.metrics"]:
            self.assertTrue(getattr(self.env["crm.metrics"], name)._readonly, name)
        self.assertTrue(self.env["crm.metrics.engine"].status._readonly)


class TestAccess(CrmMetricsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls._user(
            "metrics_stranger", "group_sale_manager", cls.other_company
        )
        cls.employee = cls._user("metrics_employee", "base.group_user")
        cls.portal = new_test_user(
            cls.env,
            "metrics_portal",
            "base.group_portal",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.own = cls.subscribe(1, user_id=cls.seller.id)
        cls.unassigned = cls.subscribe(10)
        cls.others = cls.subscribe(100, user_id=cls.seller_2.id)
        cls.yearly.number_of_months = 0
        cls.doubtful = [
            cls.subscribe(1, plan=cls.yearly, user_id=user)
            for user in (cls.seller.id, False, cls.seller_2.id)
        ]

    def setUp(self):
        super().setUp()
        self.refresh()

    def amounts(self, user):
        """Return what a user sees in the two facts."""
        companies = [("company_id", "in", (self.company | self.other_company).ids)]
        env = self.env(user=user, context={"allowed_company_ids": user.company_ids.ids})
        segments = env[SEGMENT].search(companies)
        movements = env[MOVEMENT].search(companies)
        amounts = sorted(movements.mapped("amount"))
        self.assertEqual(sorted(segments.mapped("rate")), amounts)
        return amounts

    def closing(self, user, **options):
        result = self.recurring("2026-01-01", "2026-01-31", user=user, **options)
        return result["periods"][0]["closing"]

    def test_a_seller_sees_what_is_own_or_unassigned(self):
        self.assertEqual(self.amounts(self.seller), [1, 10])
        for view in ("activity", "net"):
            self.assertEqual(self.closing(self.seller, view=view), 11)
            # asking for somebody else's gives nothing
            ids = self.seller_2.ids
            self.assertEqual(self.closing(self.seller, view=view, user_ids=ids), 0)

    def test_all_documents_and_managers_see_all(self):
        for user in (self.seller_all, self.manager):
            self.assertEqual(self.amounts(user), [1, 10, 100])
            for view in ("activity", "net"):
                self.assertEqual(self.closing(user, view=view), 111)

    def test_a_seller_learns_the_kind_but_no_amount_of_others(self):
        """Another's subscription came first: the own one is expansion."""
        partner = self._customer("Shared")
        self.subscribe(500, "2026-01-01", partner=partner, user_id=self.seller_2.id)
        self.subscribe(5, "2026-03-01", partner=partner, user_id=self.seller.id)
        self.refresh()
        for view in ("activity", "net"):
            result = self.recurring("2026-03-01", "2026-03-31", self.seller, view=view)
            self.assertMoney(result["periods"][0], opening=11, expansion=5, closing=16)

    def test_nothing_of_another_company(self):
        self.assertEqual(self.amounts(self.stranger), [])
        ids = self.stranger.company_ids.ids
        env = self.env(user=self.stranger, context={"allowed_company_ids": ids})
        for model in ("crm.subscription", "crm.subscription.line", "crm.metrics.issue"):
            self.assertFalse(env[model].search([]))
        self.assertEqual(self.closing(self.stranger), 0)
        with self.assertRaisesRegex(ValidationError, "^company_ids:"):
            self.closing(self.stranger, company_ids=self.company.ids)
        status = env["crm.metrics.engine"].status()
        self.assertEqual(status["facts"][SEGMENT]["rows"], 0)
        self.assertEqual(status["issues"], 0)

    def test_a_company_that_is_not_selected_is_not_seen(self):
        self.seller_all.company_ids |= self.other_company
        metrics = self.env["crm.metrics"].with_user(self.seller_all)
        metrics = metrics.with_context(allowed_company_ids=self.other_company.ids)
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        self.assertEqual(metrics.recurring(options)["periods"][0]["closing"], 0)

    def test_issues_of_own_and_unassigned_documents(self):
        def seen(user):
            return (
                self.env["crm.metrics.issue"]
                .with_user(user)
                .search([("company_id", "=", self.company.id)])
            )

        self.assertEqual(seen(self.seller).user_id, self.seller)
        self.assertEqual(len(seen(self.seller)), 2)
        self.assertEqual(len(seen(self.seller_all)), 3)
        meta = self.recurring("2026-01-01", "2026-01-31", user=self.seller)["meta"]
        self.assertEqual(meta["issues"], {"plan_without_period": 2})

    def test_an_issue_does_not_open_what_one_may_not_read(self):
        """Rights of the document count, not only those of the issue."""
        issue = self.issues().filtered(lambda issue: issue.user_id == self.seller)
        self.doubtful[0].user_id = self.seller_2
        self.env.flush_all()  # not refreshed yet: the issue is still the seller's
        issue = issue.with_user(self.seller)
        issue.invalidate_recordset()
        self.assertFalse(issue.record_name)
        with self.assertRaises(AccessError):
            issue.action_open_record()

    def test_a_movement_does_not_open_what_one_may_not_read(self):
        movement = self.env[MOVEMENT].search([("amount", "=", 1)], limit=1)
        movement.with_user(self.seller).action_open_source()
        self.own.user_id = self.seller_2
        self.env.flush_all()
        with self.assertRaises(AccessError):
            movement.with_user(self.seller).action_open_source()

    def test_nothing_without_crm_rights(self):
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        for user in (self.employee, self.portal, self.env.ref("base.public_user")):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.env["crm.metrics"].with_user(user).recurring(options)
                # not even whether an option is a good one
                with self.assertRaises(AccessError):
                    self.env["crm.metrics"].with_user(user).recurring({"bad": 1})
                engine = self.env["crm.metrics.engine"].with_user(user)
                with self.assertRaisesRegex(AccessError, "for sales users"):
                    engine.status()
                for call in (
                    engine.audit,
                    lambda engine=engine: engine.recompute(SEGMENT),
                ):
                    with self.assertRaises(AccessError):
                        call()
                for model in (
                    *(SEGMENT, MOVEMENT, "crm.subscription", "crm.subscription.line"),
                    *("crm.metrics.issue", "crm.metrics.run"),
                    *("crm.metrics.queue", "crm.metrics.slot"),
                ):
                    with self.assertRaises(AccessError):
                        self.env[model].with_user(user).search([])

    def test_recompute_and_audit_are_for_managers(self):
        for user in (self.seller, self.seller_all):
            engine = self.env["crm.metrics.engine"].with_user(user)
            with self.assertRaises(AccessError):
                engine.recompute(SEGMENT)
            with self.assertRaises(AccessError):
                engine.audit()
            settings = self.env["res.config.settings"].with_user(user)
            with self.assertRaises(AccessError):
                settings.action_crm_metrics_recompute()
            self.assertEqual(set(engine.status()), {"facts", "issues", "runs"})
        engine = self.env["crm.metrics.engine"].with_user(self.manager)
        self.assertEqual(engine.recompute(SEGMENT)["changed"], 0)
        self.assertEqual(engine.audit([SEGMENT]), {SEGMENT: 0})

    def test_a_manager_rebuilds_all_companies(self):
        """Not what the manager happens to see."""
        self.env.cr.execute("DELETE FROM crm_mrr_segment")
        self.env.invalidate_all()
        engine = self.env["crm.metrics.engine"].with_user(self.stranger)
        self.assertGreaterEqual(engine.recompute(SEGMENT)["changed"], 3)
        self.assertEqual(self.amounts(self.manager), [1, 10, 100])

    def test_nobody_writes_facts(self):
        for user in (self.seller_all, self.manager, self.env.ref("base.user_admin")):
            for model in (
                *(SEGMENT, MOVEMENT, "crm.metrics.issue", "crm.metrics.run"),
                *("crm.metrics.queue", "crm.metrics.slot"),
            ):
                records = self.env[model].with_user(user)
                for operation in ("create", "write", "unlink"):
                    self.assertFalse(records.has_access(operation), (model, operation))

    def test_subscriptions_of_others(self):
        subscription = self.others.with_user(self.seller)
        for action in (
            lambda: subscription.read(["mrr"]),
            lambda: subscription.write({"name": "mine"}),
            lambda: subscription.line_ids.write({"price_unit": 0}),
            lambda: subscription.action_view_movements(),
            lambda: self.own.with_user(self.seller).unlink(),
            lambda: (
                self.env["crm.subscription.line"]
                .with_user(self.seller)
                .create(self.line(1, subscription_id=self.others.id))
            ),
        ):
            with self.assertRaises(AccessError):
                action()
        # there is nobody to hand an own one over to whom one may not see it
        self.own.with_user(self.seller).line_ids.price_unit = 2

    def test_figures_write_nothing(self):
        """They run on a connection that cannot write."""
        options = {"date_from": "2026-01-01", "date_to": "2026-01-31"}
        self.env.cr.flush()  # what is still to be written belongs to the setting
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            for user in (self.seller, self.seller_all):
                env = self.env(cr=cr, user=user.id)
                for more in ({}, {"view": "net"}, {"team_ids": self.team.ids}):
                    env["crm.metrics"].recurring({**options, **more})
                for name in set(REVIEWED["crm.metrics"]) - {"recurring"}:
                    asked = {} if name == "segments" else options
                    more = [FIGURES[name]] if name in FIGURES else []
                    self.assertTrue(getattr(env["crm.metrics"], name)(asked, *more))
                env["crm.metrics.engine"].status()
                env["res.partner"].browse(self.customer.id).read(["crm_mrr"])
            # the cursor would have told
            with mute_logger("odoo.sql_db"), self.assertRaises(ReadOnlySqlTransaction):
                cr.execute("UPDATE crm_mrr_segment SET rate = 0")


class TestNeverInTheWay(CrmMetricsCommon):
    """No fact blocks a deletion."""

    def test_links_of_facts_do_not_restrict(self):
        for name in [*self.env["crm.metrics.engine"]._facts(), "crm.metrics.issue"]:
            for field in self.env[name]._fields.values():
                if field.type == "many2one" and field.store:
                    self.assertIn(field.ondelete, ("cascade", "set null"), field)

    def test_links_are_indexed_where_deletions_look_for_them(self):
        for name in self.env["crm.metrics.engine"]._facts():
            for field in ("partner_id", "lead_id"):
                if field in self.env[name]._fields:
                    self.assertTrue(self.env[name]._fields[field].index, (name, field))

    def test_a_customer_can_be_deleted_once_it_has_no_subscription(self):
        """Its facts are still there: the refresh has not come yet."""
        partner = self._customer("Short")
        subscription = self.subscribe(1, partner=partner)
        self.refresh()
        subscription.unlink()
        partner.unlink()
        self.refresh()
        self.assertEqual(set(self.env["crm.metrics.engine"].audit().values()), {0})

    def test_each_model_has_rights_and_rules(self):
        """Without a rule, whoever has the right sees all companies."""
        for name, model in self.env.registry.items():
            if not name.startswith(
                ("crm.mrr.", "crm.metrics", "crm.subscription", "crm.purchase")
                + ("crm.customer.", "crm.nps.")
            ):
                continue
            if model._abstract or issubclass(model, models.TransientModel):
                continue
            domain = [("model_id.model", "=", name)]
            self.assertTrue(self.env["ir.model.access"].search_count(domain), name)
            if "company_id" in model._fields:
                self.assertTrue(self.env["ir.rule"].search_count(domain), name)
