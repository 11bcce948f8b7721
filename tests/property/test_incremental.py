"""Incremental = full: whatever happened, in whatever order, the facts are those of
a rebuild into empty tables.
"""

from datetime import timedelta

import books
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError

numbers = st.integers(0, 11)


def written(field, values):
    return st.tuples(st.just(field), values)


line_changes = st.one_of(
    written("price_unit", books.prices.map(float)),
    written("quantity", books.quantities.map(float)),
    written("discount", books.discounts.map(float)),
    written("recurring", st.booleans()),
    written("plan", books.plans),
    written("date_start", books.maybe_day),
    written("date_end", books.maybe_day),
    written("close_reason", books.close_reasons),
    written("name", st.just("renamed")),
)
subscription_changes = st.one_of(
    written("contact", numbers),
    written("contact", numbers),
    written("company", st.sampled_from([0, 1])),
    written("user", books.users),
    written("team", books.teams),
    written("lead", st.sampled_from([None, 0, 1])),
    written("date_start", books.maybe_day),
    written("date_end", books.maybe_day),
    written("active", st.booleans()),
    written("currency", st.sampled_from(books.CURRENCIES)),
    written("close_reason", books.close_reasons),
    written("note", st.just("<p>seen</p>")),
)
edits = st.one_of(
    st.tuples(st.just("change_line"), numbers, line_changes),
    st.tuples(st.just("change_line"), numbers, line_changes),
    st.tuples(st.just("add_line"), numbers, books.line_values()),
    st.tuples(st.just("delete_line"), numbers),
    st.tuples(st.just("move_line"), numbers, numbers),
    st.tuples(st.just("change_subscription"), numbers, subscription_changes),
    st.tuples(st.just("change_subscription"), numbers, subscription_changes),
    st.tuples(st.just("add_subscription"), books.subscription_values(numbers)),
    st.tuples(
        st.just("add_subscription_of_new_contact"),
        st.one_of(st.none(), numbers),
        books.subscription_values(numbers),
    ),
    st.tuples(st.just("copy_subscription"), numbers),
    st.tuples(st.just("delete_subscription"), numbers),
    st.tuples(st.just("change_parent"), numbers, st.one_of(st.none(), numbers)),
    st.tuples(st.just("become_company"), numbers, st.booleans()),
    st.tuples(st.just("merge"), st.lists(numbers, min_size=2, max_size=3)),
    st.tuples(st.just("change_plan"), books.plans, st.integers(0, 12)),
    st.tuples(
        st.just("change_interval"),
        books.plans,
        st.integers(0, 3),
        st.sampled_from(["day", "week", "month", "year"]),
    ),
    st.tuples(st.just("enter_rate"), books.rate_values()),
    st.tuples(st.just("enter_rate"), books.rate_values()),
    st.tuples(st.just("move_rate"), numbers, books.days),
    st.tuples(st.just("delete_rate"), numbers),
    st.tuples(st.just("add_pause"), numbers, books.days, books.lengths),
    st.tuples(st.just("add_pause"), numbers, books.days, st.none()),
    st.tuples(st.just("move_pause"), numbers, books.days, books.lengths),
    st.tuples(st.just("delete_pause"), numbers),
    st.tuples(st.just("change_settings"), st.integers(0, 1), books.settings_values),
    st.tuples(
        st.just("change_reason"),
        st.integers(0, 1),
        st.sampled_from(["voluntary", "involuntary"]),
    ),
    st.tuples(st.just("follow"), numbers, numbers),
    st.tuples(st.just("delete_team"), st.integers(0, 2)),
    st.tuples(st.just("delete_lead"), st.integers(0, 1)),
    st.tuples(st.just("change_company_currency"), st.sampled_from([0, 1])),
    st.tuples(st.just("change_rounding"), st.sampled_from([0.01, 0.05, 1.0])),
)
works = st.one_of(
    st.tuples(st.just("refresh"), st.sampled_from([1, 2, 1000])),
    st.tuples(st.just("refresh"), st.sampled_from([1, 2, 1000])),
    st.tuples(st.just("batch"), st.sampled_from(books.FACTS), st.integers(1, 3)),
    st.tuples(st.just("recompute"), st.sampled_from(books.FACTS), st.integers(0, 3)),
)
steps = st.lists(st.one_of(edits, works), min_size=6, max_size=20)


class TestIncremental(books.BookCase):
    # -- the steps ------------------------------------------------------

    def do(self, name, *arguments):
        """Do one step; what Odoo refuses leaves nothing behind."""
        try:
            with self.env.cr.savepoint():
                getattr(self, f"step_{name}")(*arguments)
        except (UserError, IntegrityError):
            self.env.invalidate_all(flush=False)

    def pick(self, records, number):
        return records[number % len(records)] if records else records

    @property
    def subscriptions(self):
        return (
            self.env["crm.subscription"]
            .with_context(active_test=False)
            .search([("company_id", "in", self.companies.ids)], order="id")
        )

    @property
    def lines(self):
        return self.subscriptions.line_ids.sorted("id")

    def step_change_line(self, number, change):
        field, value = change
        line = self.pick(self.lines, number)
        if field == "plan":
            field, value = "recurring_plan_id", self.plans[value].id
        elif field == "close_reason":
            field, value = "close_reason_id", self.reason_id(value)
        self.write_date(line, field, value)

    def write_date(self, record, field, value):
        """Write a value; the other date gives way."""
        values = {field: value}
        start = value if field == "date_start" else record.date_start
        end = value if field == "date_end" else record.date_end
        if start and end and start > end:
            values["date_end" if field == "date_start" else "date_start"] = value
        record.write(values)

    def step_change_subscription(self, number, change):
        field, value = change
        subscription = self.pick(self.subscriptions, number)
        if not subscription:
            return
        if field == "contact":
            field, value = "partner_id", self.pick(self.contacts.exists(), value).id
        elif field == "company":
            field, value = "company_id", self.companies[value].id
        elif field == "currency":
            field, value = "currency_id", self.currencies[value].id
        elif field in ("user", "team", "lead", "close_reason"):
            records = {
                "user": self.sellers,
                "team": self.teams,
                "lead": self.leads,
                "close_reason": self.reasons,
            }[field]
            gone = value is None or not records[value].exists()
            field, value = f"{field}_id", False if gone else records[value].id
        self.write_date(subscription, field, value)

    def step_add_line(self, number, drawn):
        subscription = self.pick(self.subscriptions, number)
        if subscription:
            values = self.line_values(drawn, "added")
            subscription.line_ids = [Command.create(values)]

    def step_delete_line(self, number):
        self.pick(self.lines, number).unlink()

    def step_move_line(self, number, to):
        line = self.pick(self.lines, number)
        line.previous_line_id = False
        self.lines.filtered(lambda other: other.previous_line_id == line).write(
            {"previous_line_id": False}
        )
        line.subscription_id = self.pick(self.subscriptions, to)

    def existing(self, drawn):
        """Leave out of drawn values what has been deleted meanwhile."""
        team, lead = drawn["team"], drawn["lead"]
        return drawn | {
            "team": team if team is not None and self.teams[team].exists() else None,
            "lead": lead if lead is not None and self.leads[lead].exists() else None,
        }

    def step_add_subscription(self, drawn):
        values = self.subscription_values(self.existing(drawn), self.contacts.exists())
        self.env["crm.subscription"].create(values)

    def step_add_subscription_of_new_contact(self, parent, drawn):
        if parent is not None:
            parent = self.pick(self.contacts.exists(), parent).id
        contact = self.env["res.partner"].create({"name": "New", "parent_id": parent})
        self.contacts |= contact
        values = self.subscription_values(self.existing(drawn), contact)
        self.env["crm.subscription"].create(values)

    def step_copy_subscription(self, number):
        self.pick(self.subscriptions, number).copy()

    def step_delete_subscription(self, number):
        self.pick(self.subscriptions, number).unlink()

    def step_change_parent(self, number, parent):
        contacts = self.contacts.exists()
        contact = self.pick(contacts, number)
        contact.parent_id = self.pick(contacts, parent) if parent is not None else False

    def step_become_company(self, number, is_company):
        self.pick(self.contacts.exists(), number).is_company = is_company

    def step_merge(self, chosen):
        contacts = self.contacts.exists()
        merged = self.env["res.partner"].union(
            *(self.pick(contacts, number) for number in chosen)
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {
                "state": "selection",
                "partner_ids": [Command.set(merged.ids)],
                "dst_partner_id": merged[0].id,
            }
        )
        wizard.action_merge()

    def step_change_plan(self, number, months):
        self.plans[number].number_of_months = months

    def step_change_interval(self, number, interval_number, interval_type):
        self.plans[number].write(
            {"interval_number": interval_number, "interval_type": interval_type}
        )

    @property
    def rates(self):
        return self.env["res.currency.rate"].search([], order="id")

    def step_enter_rate(self, drawn):
        self.enter_rate(drawn)

    def step_move_rate(self, number, day):
        rate = self.pick(self.rates, number)
        others = self.rates - rate
        taken = others.filtered(
            lambda other: (
                (other.currency_id, other.company_id, other.name)
                == (rate.currency_id, rate.company_id, day)
            )
        )
        if not taken:
            rate.name = day

    def step_delete_rate(self, number):
        self.pick(self.rates, number).unlink()

    @property
    def pauses(self):
        return self.subscriptions.pause_ids.sorted("id")

    @staticmethod
    def pause_values(day, length):
        last = False if length is None else day + timedelta(days=length)
        return {"date_from": day, "date_to": last}

    def step_add_pause(self, number, day, length):
        subscription = self.pick(self.subscriptions, number)
        if subscription:
            subscription.pause_ids = [Command.create(self.pause_values(day, length))]

    def step_move_pause(self, number, day, length):
        self.pick(self.pauses, number).write(self.pause_values(day, length))

    def step_delete_pause(self, number):
        self.pick(self.pauses, number).unlink()

    def step_change_settings(self, number, drawn):
        self.apply_settings(self.companies[number], drawn)

    def step_change_reason(self, number, kind):
        self.reasons[number].kind = kind

    def step_follow(self, number, other):
        """Join two lines of a subscription to versions of one item, or part them."""
        line = self.pick(self.lines, number)
        mates = line.subscription_id.line_ids - line
        line.previous_line_id = (
            self.pick(mates, other) if mates and other % 3 else False
        )

    def step_delete_team(self, number):
        self.teams[number].exists().unlink()

    def step_delete_lead(self, number):
        self.leads[number].exists().unlink()

    def step_change_company_currency(self, number):
        company = self.companies[number]
        company.currency_id = (self.usd | self.jpy) - company.currency_id

    def step_change_rounding(self, rounding):
        self.usd.rounding = rounding

    def step_refresh(self, limit):
        self.refresh(limit)
        self.assertFacts()

    def step_batch(self, fact, limit):
        self.env.flush_all()
        self.engine._refresh_batch(fact, limit)

    def step_recompute(self, fact, shard):
        result = self.engine.recompute(fact, shard, 4)
        self.assertIn("rows", result)

    # -- the rule -------------------------------------------------------

    def check(self):
        """Incremental = full = oracle, and the audit finds nothing to mend."""
        self.refresh()
        self.assertFacts()
        incremental = self.stored()
        issues = self.stored_issues()
        self.assertEqual(self.engine.audit(books.FACTS), dict.fromkeys(books.FACTS, 0))
        self.rebuild_into_empty_tables()
        full = self.stored()
        for fact, rows in incremental.items():
            self.assertCounts(rows, full[fact])
        self.assertCounts(self.stored_issues(), issues)

    @settings(max_examples=45)
    @given(book=books.books(max_subscriptions=5), steps=steps)
    def test_incremental_is_full(self, book, steps):
        """After any sequence of changes, with refreshes in between or not."""
        with self.example():
            self.contacts, _subscriptions = self.make_book(book)
            for step in steps:
                self.do(*step)
            self.check()

    @settings(max_examples=60)
    @given(book=books.books(max_subscriptions=4), edit=edits)
    def test_one_edit_of_a_settled_book(self, book, edit):
        """Nothing else hides what a single change forgets to queue."""
        with self.example():
            self.contacts, _subscriptions = self.make_book(book)
            self.refresh()
            self.do(*edit)
            self.check()

    @settings(max_examples=12)
    @given(
        book=books.books(companies=(0,), max_subscriptions=5),
        order=st.randoms(use_true_random=False),
        limit=st.integers(1, 4),
    )
    def test_order_of_arrival_does_not_matter(self, book, order, limit):
        """Lines that arrive one by one, shuffled, give what one import gives."""
        with self.example():
            _contacts, subscriptions = self.make_book(book)
            lines = subscriptions.line_ids
            # a version that has lost its dates for a while would overlap with others
            lines.previous_line_id = False
            self.refresh()
            expected = self.stored()

            dated = [
                (
                    line,
                    line.read(["quantity", "price_unit", "date_start", "date_end"])[0],
                )
                for line in lines
            ]
            lines.write({"quantity": 0, "date_start": False, "date_end": False})
            self.refresh()
            order.shuffle(dated)
            for line, values in dated:
                values.pop("id")
                line.write(values)
                if order.random() < 0.5:
                    self.env.flush_all()
                    fact = order.choice(books.FACTS)
                    self.engine._refresh_batch(fact, limit)
            self.refresh(limit)
            for fact, rows in self.stored().items():
                self.assertCounts(rows, expected[fact])

    @settings(max_examples=5)
    @given(book=books.books(), shards=st.sampled_from([1, 2, 4, 8, 64]))
    def test_shards_cover_everything_once(self, book, shards):
        """The shards of a fact are its whole, and no row is in two of them."""
        with self.example():
            self.make_book(book)
            self.refresh()
            whole = self.stored()
            for fact in reversed(books.FACTS):
                self.env.cr.execute(f"DELETE FROM {self.env[fact]._table}")
            for fact in books.FACTS:
                results = [
                    self.engine.recompute(fact, n, shards) for n in range(shards)
                ]
                rows = self.env[fact].search_count([])
                self.assertEqual(sum(result["rows"] for result in results), rows)
                self.assertEqual(sum(result["changed"] for result in results), rows)
            for fact, rows in self.stored().items():
                self.assertCounts(rows, whole[fact])
