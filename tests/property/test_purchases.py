"""Purchases: whatever is done to orders, invoices, deals and contacts, in whatever
order, what is refreshed step by step is what a plain recomputation says.
"""

from contextlib import contextmanager

import books  # registers the profiles of hypothesis
import purchase_oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_metrics_sale.tests.order_case import OrderCase

PURCHASE = "crm.purchase"
numbers = st.integers(0, 11)
maybe = st.one_of(st.none(), numbers)
days = st.sampled_from(["2026-01-31", "2026-02-01", "2026-03-15"])
moments = st.sampled_from(
    ["2026-01-31 15:30:00", "2026-01-31 23:30:00", "2026-03-15 12:00:00", False]
)
amounts = st.sampled_from([100, 49.99, 0, -20, -100])


def written(field, values):
    return st.tuples(st.just(field), values)


hands = (written("user", maybe), written("team", maybe), written("partner", maybe))
entry_changes = st.one_of(
    *hands,
    written("amount", amounts),
    written("date", days),
    written("company", numbers),
)
deal_changes = st.one_of(
    *hands,
    written("expected_revenue", amounts),
    written("date_closed", moments),
    written("company", maybe),
    written("type", st.sampled_from(["lead", "opportunity"])),
    written("active", st.booleans()),
    written("name", st.just("renamed")),
)
invoice_changes = st.one_of(
    written("user", maybe),
    written("user", numbers),
    written("team", maybe),
    written("partner", numbers),
    written("price", amounts),
    written("invoice_date", days),
    written("ref", st.just("seen")),
)
order_changes = st.one_of(
    written("user", maybe),
    written("team", maybe),
    written("partner", numbers),
    written("price", amounts),
    written("date_order", moments.filter(bool)),
)
deeds = st.one_of(
    st.tuples(st.just("enter"), numbers, maybe, amounts, days),
    st.tuples(st.just("change_entry"), numbers, entry_changes),
    st.tuples(st.just("delete_entry"), numbers),
    st.tuples(st.just("win"), numbers),
    st.tuples(st.just("win"), numbers),
    st.tuples(st.just("reopen"), numbers),
    st.tuples(st.just("change_deal"), numbers, deal_changes),
    st.tuples(st.just("change_deal"), numbers, deal_changes),
    st.tuples(st.just("delete_deal"), numbers),
    st.tuples(st.just("change_invoice"), numbers, invoice_changes),
    st.tuples(st.just("change_invoice"), numbers, invoice_changes),
    st.tuples(
        st.just("move_invoice"), numbers, st.sampled_from(["post", "draft", "cancel"])
    ),
    st.tuples(
        st.just("move_invoice"), numbers, st.sampled_from(["post", "draft", "cancel"])
    ),
    st.tuples(st.just("credit"), numbers, st.sampled_from([20, 100]), days),
    st.tuples(st.just("link"), numbers, numbers, st.booleans()),
    st.tuples(st.just("link"), numbers, numbers, st.booleans()),
    st.tuples(st.just("unlink"), numbers),
    st.tuples(st.just("change_order"), numbers, order_changes),
    st.tuples(st.just("change_order"), numbers, order_changes),
    st.tuples(st.just("bill"), st.sets(numbers, min_size=1, max_size=3), days),
    st.tuples(st.just("down_payment"), numbers, days),
    st.tuples(st.just("cancel_order"), numbers),
    st.tuples(st.just("delete_order"), numbers),
    st.tuples(st.just("change_parent"), numbers, maybe),
    st.tuples(st.just("become_company"), numbers, st.booleans()),
    st.tuples(st.just("merge"), st.lists(numbers, min_size=2, max_size=3)),
    st.tuples(st.just("archive"), numbers, st.booleans()),
    st.tuples(st.just("delete_contact"), numbers),
    st.tuples(st.just("delete_team"), numbers),
    st.tuples(st.just("move_team"), numbers, maybe),
    st.tuples(st.just("move_user"), numbers, numbers),
    st.tuples(
        st.just("choose"), numbers, st.sampled_from([False, "won", "order", "invoice"])
    ),
    st.tuples(st.just("move_zone"), numbers, st.sampled_from(["UTC", "Asia/Tokyo"])),
    st.tuples(st.just("change_rounding"), st.sampled_from([0.01, 0.05])),
    st.tuples(st.just("enter_rate"), st.booleans(), days, st.sampled_from([0.3, 2])),
    st.tuples(st.just("enter_rate"), st.booleans(), days, st.sampled_from([0.3, 2])),
    st.tuples(st.just("delete_rate"), numbers),
)
works = st.one_of(
    st.tuples(st.just("refresh"), st.sampled_from([1, 2, 1000])),
    st.tuples(st.just("refresh"), st.sampled_from([1, 2, 1000])),
    st.tuples(st.just("batch"), st.integers(1, 3)),
    st.tuples(st.just("recompute"), st.integers(0, 3)),
    st.tuples(st.just("flush")),
)
steps = st.lists(st.one_of(deeds, deeds, works), min_size=4, max_size=12)
sources = st.sampled_from([False, "won", "order", "invoice"])
#: what counts where a deed moves something; of others anything
FITTING = {
    **dict.fromkeys(("win", "reopen", "change_deal", "delete_deal"), ["won"]),
    **dict.fromkeys(("move_team", "move_user", "delete_team"), ["won"]),
    **dict.fromkeys(("change_invoice", "move_invoice", "credit"), ["invoice", False]),
    **dict.fromkeys(("link", "unlink", "delete_order"), ["invoice", False]),
    **dict.fromkeys(("bill", "down_payment"), ["invoice", "order"]),
    **dict.fromkeys(("change_order", "cancel_order"), ["order", "order", "invoice"]),
    **dict.fromkeys(("enter_rate", "delete_rate"), ["order"]),
}


@st.composite
def fitting_deeds(draw):
    """A deed, and sources of the two companies under which it matters."""
    deed = draw(deeds)
    fitting = FITTING.get(deed[0])
    chosen = st.sampled_from(fitting) if fitting else sources
    return deed, (draw(chosen), draw(st.one_of(chosen, sources)))


@tagged("post_install", "-at_install")
class TestPurchases(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.teams = cls.team | cls.team_2
        cls.sellers = cls.seller | cls.seller_2
        cls.sellers.company_ids = cls.companies
        cls.other_company.resource_calendar_id = cls.company.resource_calendar_id.copy(
            {"tz": "UTC"}
        )
        cls.contacts = cls.customer | cls._customer("Person", parent_id=cls.customer.id)
        cls.contacts |= cls._customer("Firm", is_company=True)
        cls.contacts |= cls._customer("Somebody")
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.eur.id,
                "name": "2026-02-01",
                "rate": 0.3,
                "company_id": cls.company.id,
            }
        )
        euro = cls.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": cls.eur.id, "company_id": cls.company.id}
        )
        person, firm = cls.contacts[1], cls.contacts[2]
        cls.order(100, 50, date_order="2026-01-31 23:30:00")
        cls.order(80, partner=person, pricelist_id=euro.id)
        cls.order(60, -10, partner=person, confirm=False)
        cls.order(40, partner=firm, company=cls.other_company)
        cls.order(30, partner=person)
        cls.invoice(100, 20)
        cls.invoice(70, partner=person, currency_id=cls.eur.id)
        cls.invoice(60, partner=firm, post=False)
        cls.invoice(50, company=cls.other_company, move_type="out_receipt")
        cls.enter(10)
        cls.enter(20, partner=person, user_id=cls.seller.id)
        cls.enter(-5, partner=False, company_id=cls.other_company.id)
        cls.deal(300)
        employed = cls.deal(200, partner=person, user_id=cls.seller.id)
        teamed = cls.deal(100, partner=False, team_id=cls.team.id)
        alone = cls.deal(25, partner=firm)
        cls.deal(50, partner=firm, stage_id=cls.stage_open.id, probability=10)
        cls.env.flush_all()
        # Odoo gives a company wherever it finds one; other ways in do not
        cls.env.cr.execute(
            "UPDATE crm_lead SET company_id = NULL WHERE id IN %s",
            [tuple((employed | teamed | alone).ids)],
        )
        cls.env.invalidate_all()

    def setUp(self):
        super().setUp()
        self.refresh()

    example = books.BookCase.example

    @contextmanager
    def attempt(self):
        """Do what Odoo may refuse; then nothing of it is left behind."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                yield
        except (UserError, IntegrityError):
            self.env.invalidate_all(flush=False)

    # -- records --------------------------------------------------------

    def pick(self, records, number):
        records = records.exists()
        return (
            records[number % len(records)]
            if records and number is not None
            else (records.browse())
        )

    def ours(self, model, domain=()):
        records = self.env[model].with_context(active_test=False)
        return records.search(list(domain), order="id")

    @property
    def entries(self):
        return self.ours("crm.purchase.entry")

    @property
    def deals(self):
        return self.ours("crm.lead", [("name", "in", ("Deal", "renamed"))])

    @property
    def invoices(self):
        return self.ours("account.move", [("company_id", "in", self.companies.ids)])

    @property
    def orders(self):
        return self.ours("sale.order", [("company_id", "in", self.companies.ids)])

    @property
    def rates(self):
        return self.ours("res.currency.rate", [("company_id", "=", self.company.id)])

    def values(self, field, value):
        records = {
            "partner": self.contacts,
            "user": self.sellers,
            "team": self.teams,
            "company": self.companies,
        }
        if field in records:
            return {f"{field}_id": self.pick(records[field], value).id}
        return {field: value}

    # -- steps ------------------------------------------------------------

    def step_enter(self, company, partner, amount, day):
        partner = self.pick(self.contacts, partner)
        company = self.pick(self.companies, company)
        self.enter(amount, day, partner=partner, company_id=company.id)

    def step_change_entry(self, number, change):
        self.pick(self.entries, number).write(self.values(*change))

    def step_delete_entry(self, number):
        self.pick(self.entries, number).unlink()

    def step_win(self, number):
        self.pick(self.deals, number).action_set_won()

    def step_reopen(self, number):
        self.pick(self.deals, number).write(
            {"stage_id": self.stage_open.id, "probability": 20}
        )

    def step_change_deal(self, number, change):
        self.pick(self.deals, number).write(self.values(*change))

    def step_delete_deal(self, number):
        self.pick(self.deals, number).unlink()

    def step_change_invoice(self, number, change):
        move = self.pick(self.invoices, number)
        field, value = change
        if field == "price":
            move.invoice_line_ids[0].price_unit = value
        elif field == "user":
            move.invoice_user_id = self.pick(self.sellers, value)
        else:
            move.write(self.values(field, value))

    def step_move_invoice(self, number, how):
        move = self.pick(self.invoices, number)
        if how == "post":
            move.action_post()
        else:
            if move.state == "posted":
                move.button_draft()
            if how == "cancel":
                move.button_cancel()

    def step_credit(self, number, price, day):
        self.credit(self.pick(self.invoices, number), price, day)

    def step_link(self, number, order, other_way):
        line = self.pick(self.invoices, number).invoice_line_ids[0]
        order_line = self.pick(self.orders, order).order_line[0]
        if other_way:
            order_line.invoice_lines = [Command.link(line.id)]
        else:
            line.sale_line_ids = [Command.link(order_line.id)]

    def step_unlink(self, number):
        lines = self.pick(self.invoices, number).invoice_line_ids
        lines.sale_line_ids = [Command.clear()]

    def step_change_order(self, number, change):
        order = self.pick(self.orders, number)
        field, value = change
        if field == "price":
            order.order_line[0].price_unit = value
        else:
            order.write(self.values(field, value))

    def step_bill(self, chosen, day):
        orders = self.orders.browse().union(
            *(self.pick(self.orders, number) for number in chosen)
        )
        orders.filtered(lambda order: order.state == "draft").action_confirm()
        for moves in orders._create_invoices(final=True):
            moves.invoice_date = day
            moves.action_post()

    def step_down_payment(self, number, day):
        self.down_payment(self.pick(self.orders, number), 30, day)

    def step_cancel_order(self, number):
        self.pick(self.orders, number)._action_cancel()

    def step_delete_order(self, number):
        order = self.pick(self.orders, number)
        # Odoo keeps confirmed ones
        order._action_cancel()
        order.unlink()

    def step_change_parent(self, number, parent):
        contact = self.pick(self.contacts, number)
        contact.parent_id = self.pick(self.contacts, parent)

    def step_become_company(self, number, is_company):
        self.pick(self.contacts, number).is_company = is_company

    def step_merge(self, chosen):
        merged = self.contacts.browse().union(
            *(self.pick(self.contacts, number) for number in chosen)
        )
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "state": "selection",
                "partner_ids": [Command.set(merged.ids)],
                "dst_partner_id": merged[0].id,
            }
        ).action_merge()

    def step_archive(self, number, active):
        self.pick(self.contacts, number).active = active

    def step_delete_contact(self, number):
        self.pick(self.contacts, number).unlink()

    def step_delete_team(self, number):
        self.pick(self.teams, number).unlink()

    def step_move_team(self, number, company):
        company = self.pick(self.companies, company)
        self.pick(self.teams, number).company_id = company

    def step_move_user(self, number, company):
        company = self.pick(self.companies, company)
        self.pick(self.sellers, number).company_id = company

    def step_choose(self, number, source):
        company = self.pick(self.companies, number)
        company.crm_metrics_purchase_source = source

    def step_move_zone(self, number, zone):
        self.pick(self.companies, number).resource_calendar_id.tz = zone

    def step_change_rounding(self, rounding):
        self.usd.rounding = rounding

    def step_enter_rate(self, is_euro, day, rate):
        currency = self.eur if is_euro else self.usd
        known = self.rates.filtered(
            lambda each: each.currency_id == currency and str(each.name) == day
        )
        if known:
            known.rate = rate
        else:
            self.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "name": day,
                    "rate": rate,
                    "company_id": self.company.id,
                }
            )

    def step_delete_rate(self, number):
        self.pick(self.rates, number).unlink()

    def step_refresh(self, limit):
        self.env.flush_all()
        while self.engine._refresh_batch(PURCHASE, limit)[0]:
            pass
        self.assertPurchases()

    def step_batch(self, limit):
        self.env.flush_all()
        self.engine._refresh_batch(PURCHASE, limit)

    def step_recompute(self, shard):
        self.engine.recompute(PURCHASE, shard, 4)

    def step_flush(self):
        self.env.flush_all()

    # -- the rule -----------------------------------------------------------

    def assertPurchases(self):
        """Compare what is stored with the plain recomputation."""
        expected = purchase_oracle.Purchases(purchase_oracle.read(self.env))
        self.env.cr.execute(
            """SELECT partner_key, partner_id, company_id, res_model, res_id, kind,
                      date, amount::text, user_id, team_id
                 FROM crm_purchase"""
        )
        stored = purchase_oracle.Counter(
            (*row[:7], purchase_oracle.Decimal(row[7]).normalize(), *row[8:])
            for row in self.env.cr.fetchall()
        )
        self.assertEqual(stored - expected.rows, {}, "stored, but not expected")
        self.assertEqual(expected.rows - stored, {}, "expected, but not stored")
        self.env.cr.execute(
            "SELECT res_model, res_id, code FROM crm_metrics_issue WHERE fact = %s",
            [PURCHASE],
        )
        issues = purchase_oracle.Counter(self.env.cr.fetchall())
        self.assertEqual(issues, expected.issues)

    def do(self, name, *arguments):
        if name in ("refresh", "batch", "recompute"):
            return getattr(self, f"step_{name}")(*arguments)
        with self.attempt():
            getattr(self, f"step_{name}")(*arguments)

    def check(self):
        self.step_refresh(1000)
        self.assertEqual(self.engine.audit([PURCHASE]), {PURCHASE: 0})
        self.env.cr.execute("DELETE FROM crm_purchase")
        self.engine._rebuild_slots(PURCHASE, list(range(64)))
        self.assertPurchases()

    @settings(max_examples=60)
    @given(chosen=st.tuples(sources, sources), steps=steps)
    def test_incremental_is_full(self, chosen, steps):
        """After any sequence of changes, with refreshes in between or not."""
        with self.example():
            for company, source in zip(self.companies, chosen, strict=True):
                company.crm_metrics_purchase_source = source
            for step in steps:
                self.do(*step)
            self.check()

    @settings(max_examples=200)
    @given(deed_and_sources=fitting_deeds())
    def test_one_deed(self, deed_and_sources):
        """Nothing else hides what a single change forgets to queue."""
        deed, chosen = deed_and_sources
        with self.example():
            for company, source in zip(self.companies, chosen, strict=True):
                company.crm_metrics_purchase_source = source
            self.step_refresh(1000)
            self.do(*deed)
            self.check()
