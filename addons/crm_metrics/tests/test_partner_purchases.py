from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import tagged

from .test_customer_score import ScoreCase

FIGURES = (
    "crm_purchase_revenue",
    "crm_purchase_count",
    "crm_purchase_average",
    "crm_purchases_a_year",
    "crm_last_purchase",
)
COLUMNS = (*FIGURES, "crm_segment_id")


@tagged("post_install", "-at_install")
class TestPartnerPurchases(ScoreCase):
    """What a contact says about its customer's purchases. Today is 15 June 2026."""

    def contact(self, partner, user=None):
        """Return a contact as a user sees it who may see all documents."""
        user = user or self.seller_all
        return (
            self.env["res.partner"]
            .with_user(user)
            .with_context(allowed_company_ids=user.company_id.ids)
            .browse(partner.id)
        )

    def figures(self, partner, user=None):
        contact = self.contact(partner, user)
        *numbers, day = (contact[name] for name in FIGURES)
        return (*numbers, day and day.isoformat())

    def found(self, domain, user=None):
        """Search among the people of this test."""
        contacts = self.contact(self.customer, user)
        people = [partner.id for partner in self.people]
        found = contacts.search(Domain("id", "in", people) & Domain(domain))
        return [people.index(partner.id) + 1 for partner in found.sorted("id")]

    # -- figures --------------------------------------------------------

    def test_figures(self):
        self.enter(100, "2024-03-01")
        self.enter(50, "2025-06-15")  # a year ago, not within the last 12 months
        self.enter(60, "2025-06-16")
        self.enter(-20, "2026-06-01")
        self.enter(999, "2026-06-16")  # tomorrow
        self.enter(5, "2026-01-01", company_id=self.other_company.id)
        self.refresh()
        self.assertEqual(self.figures(self.customer), (190, 3, 70, 1, "2025-06-16"))
        contact = self.contact(self.customer)
        self.assertEqual(contact.crm_purchase_currency_id, self.usd)

    def test_who_never_bought(self):
        self.assertEqual(self.figures(self.customer), (0, 0, 0, 0, False))
        self.assertFalse(self.contact(self.customer).crm_segment_id)

    def test_who_only_got_money_back(self):
        self.enter(-20, "2026-06-01")
        self.refresh()
        self.assertEqual(self.figures(self.customer), (-20, 0, 0, 0, False))

    def test_contacts_show_their_customer(self):
        contact = self._customer("Contact", parent_id=self.customer.id)
        self.enter(10, "2026-05-01", contact)
        self.enter(20, "2026-05-02")
        self.refresh()
        for partner in (contact, self.customer):
            self.assertEqual(self.figures(partner), (30, 2, 15, 2, "2026-05-02"))
        found = self.contact(contact).search([("crm_purchase_revenue", "=", 30)])
        self.assertLessEqual({contact.id, self.customer.id}, set(found.ids))

    def test_segment_of_the_last_run(self):
        self.buy(1, 2)
        self.score("2026-04-30")
        self.buy(9, month="2026-05")
        run = self.score("2026-05-31")
        now = {score.partner_id: score.segment_id for score in self.scores(run)}
        for partner in self.people[:2]:
            self.assertEqual(self.contact(partner).crm_segment_id, now[partner])
        self.assertFalse(self.contact(self.people[2]).crm_segment_id)

    # -- searching, sorting, grouping -----------------------------------

    def test_a_search_finds_what_the_field_says(self):
        self.buy(1, 2, 3)
        self.enter(7, "2023-01-01", self.people[3])
        self.score("2026-05-31")
        contacts = self.contact(self.customer).browse(
            [partner.id for partner in self.people]
        )
        tests = {
            "<": lambda value, limit: value < limit,
            "<=": lambda value, limit: value <= limit,
            ">": lambda value, limit: value > limit,
            ">=": lambda value, limit: value >= limit,
            "=": lambda value, limit: value == limit,
            "!=": lambda value, limit: value != limit,
        }

        def is_known(value, operator):
            """No day is before or after no day."""
            return value is not False or operator in ("=", "!=")

        for name in FIGURES:
            values = {contact[name] for contact in contacts}
            for limit in values:
                for operator, test in tests.items():
                    if not is_known(limit, operator):
                        continue
                    with self.subTest(name=name, operator=operator, limit=limit):
                        expected = [
                            number
                            for number, contact in enumerate(contacts, 1)
                            if is_known(contact[name], operator)
                            and test(contact[name], limit)
                        ]
                        self.assertEqual(
                            self.found([(name, operator, limit)]), expected
                        )

    def test_a_search_takes_what_stored_numbers_take(self):
        """False is 0, digits are a number; there is no day before none."""
        self.buy(1, 2)
        self.refresh()
        for name in FIGURES[:4]:
            for domain, expected in (
                ([(name, "=", False)], [3, 4, 5]),
                ([(name, "!=", False)], [1, 2]),
                ([(name, ">", False)], [1, 2]),
                ([(name, "<=", False)], [3, 4, 5]),
                ([(name, "in", [False, 77])], [3, 4, 5]),
                ([(name, ">", "1")], [1, 2]),
            ):
                if name in ("crm_purchase_count", "crm_purchases_a_year"):
                    expected = [2] if domain[0][2] == "1" else expected
                with self.subTest(domain):
                    self.assertEqual(self.found(domain), expected)
        for operator, expected in (("=", [3, 4, 5]), ("!=", [1, 2]), (">", [])):
            self.assertEqual(
                self.found([("crm_last_purchase", operator, False)]), expected
            )

    def test_an_average_is_found_as_it_is_shown(self):
        for amount in (10, 10, 11):
            self.enter(amount)
        self.refresh()
        contact = self.contact(self.customer)
        self.assertEqual(contact.crm_purchase_average, 10.33)
        for operator, expected in (("=", [1]), (">=", [1]), (">", [])):
            domain = [("crm_purchase_average", operator, 10.33)]
            self.assertEqual(self.found(domain), expected)
        self.usd.rounding = 0.25
        self.env.invalidate_all()
        self.assertEqual(contact.crm_purchase_average, 10.25)
        self.assertEqual(self.found([("crm_purchase_average", "=", 10.25)]), [1])

    def test_twelve_months_at_the_end_of_a_month(self):
        for day in ("2024-02-29", "2024-03-01", "2025-02-28"):
            self.enter(1, day)
        self.refresh()
        with freeze_time("2025-02-28 12:00:00"):
            self.assertEqual(self.contact(self.customer).crm_purchases_a_year, 2)

    def test_search_by_segment(self):
        self.buy(1, 2)
        run = self.score("2026-05-31")
        first, second = self.scores(run).segment_id
        for domain, expected in (
            ([("crm_segment_id", "=", first.id)], [1]),
            ([("crm_segment_id", "in", (first | second).ids)], [1, 2]),
            ([("crm_segment_id", "!=", first.id)], [2, 3, 4, 5]),
            ([("crm_segment_id", "=", False)], [3, 4, 5]),
            ([("crm_segment_id", "!=", False)], [1, 2]),
            ([("crm_segment_id", "in", [False, first.id])], [1, 3, 4, 5]),
            ([("crm_segment_id", "ilike", second.name)], [2]),
            ([("crm_segment_id.name", "=", second.name)], [2]),
            ([("crm_segment_id", "any", [("id", "=", second.id)])], [2]),
        ):
            with self.subTest(domain):
                self.assertEqual(self.found(domain), expected)

    def test_sort_and_group(self):
        self.buy(1, 3, 2)
        run = self.score("2026-05-31")
        contacts = self.contact(self.customer)
        people = [("id", "in", [partner.id for partner in self.people])]
        for name in ("crm_purchase_count", "crm_purchase_revenue"):
            values = [
                contact[name]
                for contact in contacts.search(people, order=f"{name} desc")
            ]
            self.assertEqual(values, sorted(values, reverse=True))
            self.assertGreater(values[0], values[-1])
        groups = contacts.formatted_read_group(people, ["crm_segment_id"], ["__count"])
        counts = {
            group["crm_segment_id"] and group["crm_segment_id"][0]: group["__count"]
            for group in groups
        }
        expected = {}
        for score in self.scores(run):
            segment = score.segment_id.id
            expected[segment] = expected.get(segment, 0) + 1
        self.assertEqual(counts, {**expected, False: 2})

    # -- rights ---------------------------------------------------------

    def test_own_and_unassigned_documents(self):
        for amount, user in ((1, self.seller), (10, None), (100, self.seller_2)):
            self.enter(amount, user_id=user and user.id)
        self.refresh()
        name = "crm_purchase_revenue"
        for user, amount in ((self.seller, 11), (self.seller_2, 110), (None, 111)):
            with self.subTest(user=user):
                self.assertEqual(self.contact(self.customer, user)[name], amount)
                self.assertEqual(self.found([(name, "=", amount)], user), [1])
                self.assertEqual(self.found([(name, ">", amount)], user), [])

    def test_segment_of_own_and_unassigned_customers(self):
        self.customer.user_id = self.seller_2
        self.buy(1, 1)
        self.score("2026-05-31")
        self.assertFalse(self.contact(self.customer, self.seller).crm_segment_id)
        self.assertTrue(self.contact(self.customer, self.seller_2).crm_segment_id)
        for user, expected in ((self.seller, [2]), (self.seller_2, [1, 2])):
            self.assertEqual(
                self.found([("crm_segment_id", "!=", False)], user), expected
            )

    def test_each_company_has_its_own(self):
        stranger = self._user(
            "metrics_stranger", "group_sale_manager", self.other_company
        )
        self.enter(10)
        self.enter(7, company_id=self.other_company.id)
        self.refresh()
        self.assertEqual(self.figures(self.customer)[0], 10)
        self.assertEqual(self.figures(self.customer, stranger)[0], 7)

    def test_for_sales_users_only(self):
        clerk = self._user("metrics_clerk_2", "base.group_user")
        contact = self.contact(self.customer, clerk)
        for name in COLUMNS:
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    contact.mapped(name)
                with self.assertRaises(AccessError):
                    contact.search([(name, "!=", False)])
                with self.assertRaises(AccessError):
                    contact.search([], order=name)
        for kind in ("list", "form", "search"):
            arch = self.env["res.partner"].with_user(clerk).get_view(view_type=kind)
            self.assertNotIn("crm_purchase", arch["arch"])
            self.assertNotIn("crm_segment", arch["arch"])

    # -- many at once ---------------------------------------------------

    def test_a_list_of_a_thousand_asks_as_often_as_one_of_ten(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Many {number}"} for number in range(1000)]
        )
        for number, partner in enumerate(partners[::50]):
            self.enter(number + 1, "2026-05-01", partner)
        self.score("2026-05-31")
        specification = {
            **{name: {} for name in FIGURES},
            "crm_segment_id": {"fields": {"display_name": {}}},
        }

        def queries(count):
            contacts = self.contact(self.customer)
            contacts.env.invalidate_all()
            contacts.env.registry.clear_cache()
            before = self.env.cr.sql_log_count
            result = contacts.web_search_read(
                [("id", "in", partners[:count].ids)], specification, limit=count
            )
            self.assertEqual(len(result["records"]), count)
            return self.env.cr.sql_log_count - before

        queries(10)  # what is read once and kept
        self.assertEqual(queries(1000), queries(10))

    # -- ways out -------------------------------------------------------

    def test_buttons(self):
        self.buy(2, 1)
        run = self.score("2026-05-31")
        contact = self.contact(self.customer)
        for action, model, count in (
            (contact.action_view_crm_purchases(), "crm.purchase", 2),
            (contact.action_view_crm_scores(), "crm.customer.score", 1),
        ):
            self.assertEqual(action["res_model"], model)
            found = self.env[model].with_user(self.seller_all).search(action["domain"])
            self.assertEqual(found.partner_id, self.customer)
            self.assertEqual(len(found), count)
        self.assertEqual(contact.crm_score_ids.run_id, run)
