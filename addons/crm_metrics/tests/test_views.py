from lxml import etree

from odoo import Command, fields
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import CrmMetricsCommon

ACTIONS = (
    "crm_subscription_action",
    "crm_mrr_movement_action",
    "crm_mrr_segment_action",
    "crm_purchase_action",
    "crm_purchase_entry_action",
    "crm_customer_score_action",
    "crm_customer_score_run_action",
    "crm_customer_segment_action",
    "crm_stage_visit_action",
    "crm_metrics_issue_action",
    "crm_metrics_run_action",
)


@tagged("post_install", "-at_install")
class TestViews(CrmMetricsCommon):
    """What people of each group find in the web client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "metrics_clerk",
            "base.group_user,base.group_partner_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def as_user(self, user, model):
        return self.env[model].with_user(user)

    # -- views ----------------------------------------------------------

    def _load(self, user, xml_id):
        """Load an action's views and read through each, as the web client does."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"crm_metrics.{xml_id}")
        model = self.as_user(user, action["res_model"])
        views = model.get_views(
            [*action["views"], (False, "search")], {"toolbar": True}
        )
        for kind, view in views["views"].items():
            arch = etree.fromstring(view["arch"])
            named = {
                node.get("name")
                for node in arch.iter("field")
                # fields of an embedded list belong to another model
                if not any(parent.tag == "field" for parent in node.iterancestors())
            }
            known = views["models"][model._name]["fields"]
            self.assertLessEqual(named, set(known), f"{xml_id}, {kind}")
            if kind in ("list", "form", "kanban"):
                model.search([]).web_read({name: {} for name in named})

    def _enter_purchase(self):
        self.env["crm.purchase.entry"].create(
            {"name": "Receipt", "partner_id": self.customer.id, "amount": 10}
        )

    def test_views_of_salesman(self):
        self.subscribe(100)
        self._enter_purchase()
        self.refresh()
        for xml_id in ACTIONS:
            with self.subTest(xml_id):
                self._load(self.seller, xml_id)

    def test_views_of_manager(self):
        self.subscribe(100, currency_id=self.eur.id)
        self._enter_purchase()
        self.refresh()
        for xml_id in ACTIONS:
            with self.subTest(xml_id):
                self._load(self.manager, xml_id)

    def test_every_action_says_what_to_do_when_empty(self):
        for xml_id in ACTIONS:
            action = self.env.ref(f"crm_metrics.{xml_id}")
            self.assertIn("o_view_nocontent_smiling_face", str(action.help), xml_id)

    def test_derived_lists_are_read_only(self):
        for model in (
            *("crm.mrr.movement", "crm.mrr.segment", "crm.stage.visit"),
            *("crm.purchase", "crm.customer.score", "crm.metrics.issue"),
        ):
            with self.subTest(model):
                arch = etree.fromstring(
                    self.as_user(self.manager, model).get_view(view_type="list")["arch"]
                )
                for verb in ("create", "edit", "delete"):
                    self.assertIn(arch.get(verb), ("0", "False"), verb)

    def test_groups_by_state_and_sums_mrr(self):
        self.subscribe(100)
        self.subscribe(200)
        self.subscribe(300, date_start="2026-07-01")
        groups = self.as_user(self.seller, "crm.subscription").formatted_read_group(
            [("company_id", "=", self.company.id)],
            ["state"],
            ["mrr:sum", "arr:sum", "__count"],
        )
        self.assertEqual(
            {group["state"]: (group["__count"], group["mrr:sum"]) for group in groups},
            {"active": (2, 300), "upcoming": (1, 0)},
        )

    def test_filters_of_subscriptions(self):
        """Each filter of the search view is a domain that can be searched."""
        model = self.as_user(self.seller, "crm.subscription")
        own = self.subscribe(100, user_id=self.seller.id)
        found = {}
        arch = etree.fromstring(model.get_view(view_type="search")["arch"])
        for node in arch.iter("filter"):
            if node.get("domain"):
                domain = safe_eval(node.get("domain"), {"uid": self.seller.id})
                found[node.get("name")] = model.search(domain)
        self.assertIn(own, found["my"])
        self.assertIn(own, found["active"])
        self.assertNotIn(own, found["closed"] | found["draft"] | found["upcoming"])

    # -- a subscription by hand -------------------------------------------

    def test_salesman_enters_a_subscription(self):
        form = Form(self.as_user(self.seller, "crm.subscription"))
        form.name = "Support"
        form.partner_id = self.customer
        form.date_start = fields.Date.to_date("2026-02-01")
        with form.line_ids.new() as line:
            line.name = "Seats"
            line.recurring_plan_id = self.quarterly
            line.quantity = 2
            line.price_unit = 300
            # the rate of a line is seen before it is saved
            self.assertEqual(line.mrr, 200)
        with form.line_ids.new() as line:
            line.name = "Set-up"
            line.recurring = False
            line.price_unit = 1000
            self.assertEqual(line.mrr, 0)
        subscription = form.save()
        self.assertEqual(subscription.user_id, self.seller)
        self.assertEqual(subscription.company_id, self.company)
        self.assertEqual(subscription.state, "active")
        self.assertEqual((subscription.mrr, subscription.arr), (200, 2400))
        self.assertEqual(self.movements(self.customer), [("2026-02-01", "new", 200.0)])

    def test_salesman_raises_a_price(self):
        subscription = self.subscribe(100, user_id=self.seller.id)
        first = subscription.line_ids
        form = Form(subscription.with_user(self.seller))
        with form.line_ids.edit(0) as line:
            line.date_end = fields.Date.to_date("2026-04-30")
        with form.line_ids.new() as line:
            line.name = "Item"
            line.recurring_plan_id = self.monthly
            line.price_unit = 130
            line.date_start = fields.Date.to_date("2026-05-01")
            line.previous_line_id = first
        form.save()
        self.assertEqual(subscription.mrr, 130)
        self.assertEqual(
            self.movements(self.customer),
            [
                ("2026-01-01", "new", 100.0),
                ("2026-05-01", "expansion", -100.0),
                ("2026-05-01", "expansion", 130.0),
            ],
        )

    def test_lists_show_each_its_own_figures(self):
        """Figures of many records read at once are those of each one."""
        subscriptions = self.subscribe(100) | self.subscribe(200)
        subscriptions.invalidate_recordset()
        self.assertEqual(subscriptions.mapped("mrr"), [100, 200])

    # -- buttons ------------------------------------------------------------

    def _follow(self, action, user):
        """Return the records that an action shows to a user."""
        self.assertEqual(action["type"], "ir.actions.act_window")
        model = self.as_user(user, action["res_model"])
        if action.get("res_id"):
            return model.browse(action["res_id"])
        return model.search(action["domain"])

    def test_from_subscription_to_movements_and_back(self):
        subscription = self.subscribe(100, user_id=self.seller.id)
        self.subscribe(50, user_id=self.seller.id)
        self.refresh()
        mine = subscription.with_user(self.seller)
        movements = self._follow(mine.action_view_movements(), self.seller)
        self.assertEqual(movements.mapped("amount"), [100])
        self.assertEqual(
            self._follow(movements.action_open_source(), self.seller), subscription
        )

    def test_from_issue_to_record(self):
        subscription = self.subscribe(
            100, currency_id=self.eur.id, user_id=self.seller.id
        )
        self.refresh()
        issue = self.as_user(self.seller, "crm.metrics.issue").search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(issue.record_name, "Customer: Item")
        self.assertTrue(issue.message)
        self.assertEqual(
            self._follow(issue.action_open_record(), self.seller), subscription
        )

    def test_contact_shows_mrr_and_subscriptions(self):
        contact = self._customer("Contact", parent_id=self.customer.id)
        own = self.subscribe(100, partner=contact, user_id=self.seller.id)
        self.subscribe(40, user_id=self.seller_2.id)
        self.refresh()
        seen = contact.with_user(self.seller)
        self.assertEqual((seen.crm_mrr, seen.crm_subscription_count), (100, 1))
        action = seen.action_view_crm_subscriptions()
        self.assertEqual(self._follow(action, self.seller), own)

    def test_contact_form_is_as_it_was_for_others(self):
        """A clerk outside of sales sees neither button nor figures."""
        for user, shown in ((self.seller, True), (self.clerk, False)):
            arch = self.as_user(user, "res.partner").get_view(view_type="form")["arch"]
            self.assertEqual("action_view_crm_subscriptions" in arch, shown)
            self.assertEqual("crm_mrr" in arch, shown)

    # -- settings -------------------------------------------------------------

    def test_settings_recompute(self):
        self.subscribe(100)
        self.manager.group_ids += self.env.ref("base.group_system")
        settings = self.as_user(self.manager, "res.config.settings").create({})
        self.assertGreaterEqual(settings.crm_metrics_queued, 1)
        notification = settings.action_crm_metrics_recompute()
        self.assertEqual(notification["tag"], "display_notification")
        settings = self.as_user(self.manager, "res.config.settings").create({})
        self.assertEqual(settings.crm_metrics_refreshed_at, self.env.cr.now())
        self.assertEqual(settings.crm_metrics_queued, 0)

    # -- menus ----------------------------------------------------------------

    def _menus(self, user):
        """Return the names of our menus that a user sees."""
        menus = self.as_user(user, "ir.ui.menu").load_menus(debug=False).values()
        names = [(menu.get("xmlid") or "").partition(".") for menu in menus]
        return {name for module, _dot, name in names if module == "crm_metrics"}

    def test_menus(self):
        everybody = {
            "crm_metrics_menu",
            "crm_metrics_recurring_menu",
            "crm_mrr_movement_menu",
            "crm_subscription_menu",
            "crm_metrics_customers_menu",
            "crm_customer_score_menu",
            "crm_customer_score_run_menu",
            "crm_metrics_customer_revenue_menu",
            "crm_metrics_segments_menu",
            "crm_purchase_menu",
            "crm_purchase_entry_menu",
            "crm_metrics_feedback_menu",
            "crm_metrics_nps_menu",
            "crm_nps_answer_menu",
            "crm_nps_invitation_menu",
            "crm_metrics_data_quality_menu",
            "crm_metrics_issue_menu",
        }
        self.assertLessEqual(everybody, self._menus(self.seller))
        managers = {
            "crm_metrics_run_menu",
            "crm_customer_segment_menu",
            "crm_nps_program_menu",
            "crm_nps_tag_menu",
        }
        self.assertFalse(managers & self._menus(self.seller))
        self.assertLessEqual(everybody | managers, self._menus(self.manager))
        self.assertEqual(self._menus(self.clerk), set())
        menu = self.env.ref("crm_metrics.crm_metrics_menu")
        self.assertEqual(menu.parent_id, self.env.ref("crm.crm_menu_root"))
