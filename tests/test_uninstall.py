"""Uninstalling leaves nothing of the app, whatever people made with it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from scripts.setup import testing
from scripts.setup.environment import ready
from scripts.setup.paths import clone_key

#: Names of ours, as they could stand in any text.
OURS = (
    r"crm[._]metrics|crm[._]mrr|crm[._]subscription|crm[._]stage[._]visit"
    r"|crm[._]purchase|crm[._]customer[._]s|crm[._]nps"
)
#: Where they may stand: in the list of addons.
ALLOWED = r"module_crm_metrics"
#: Tables that any start or stop of Odoo writes to.
NOISE = {"bus_bus", "ir_cron_progress", "ir_cron_trigger", "ir_logging"}
NOISE |= {"orm_signaling_registry", "res_config_settings", "res_device_log"}
#: The template may be older than an addon of ours.
LIST = """
env["ir.module.module"].update_list()
env.cr.commit()
"""
INSTALL = """
app = env["ir.module.module"].search([("name", "=", "crm_metrics")])
app.button_immediate_install()
"""
UNINSTALL = """
app = env["ir.module.module"].search([("name", "=", "%s")])
app.button_immediate_uninstall()
"""
#: What a company does with the app in its first week. Everything is made for one of
#: its models, but for the contact and the opportunity.
USE = """
from odoo import Command
admin = env.ref("base.user_admin")
env = env(user=admin)
model_id = env["ir.model"]._get_id("crm.subscription")
action = env.ref("crm_metrics.crm_subscription_action")
customer = env["res.partner"].with_context(
    mail_create_nosubscribe=True, mail_create_nolog=True
).create({"name": "Stays"})
subscription = env["crm.subscription"].create({
    "name": "Support", "partner_id": customer.id, "date_start": "2026-01-01",
    "line_ids": [Command.create({
        "name": "Seats", "price_unit": 10,
        "recurring_plan_id": env.ref("crm.crm_recurring_plan_monthly").id})],
})
lead = env["crm.lead"].with_context(
    tracking_disable=True, mail_create_nosubscribe=True
).create({"name": "Stays", "type": "opportunity", "user_id": False})
lead.activity_schedule("crm_metrics.mail_activity_type_stuck", user_id=admin.id)
subscription.message_post(body="Hello", attachments=[("a.txt", b"a")])
subscription.message_subscribe(customer.ids)
subscription.activity_schedule("mail.mail_activity_data_call", user_id=admin.id)
subscription.date_end = "2026-12-31"
env["mail.scheduled.message"].create({
    "model": "crm.subscription", "res_id": subscription.id, "body": "Later",
    "author_id": admin.partner_id.id, "scheduled_date": "2099-01-01"})
env["ir.attachment"].create({
    "name": "b", "raw": b"b", "res_model": "crm.subscription",
    "res_id": subscription.id})
env["ir.filters"].create({
    "name": "Mine", "model_id": "crm.subscription", "user_ids": admin.ids})
env["ir.filters"].create({
    "name": "All", "model_id": "crm.mrr.movement", "action_id": action.id})
env["ir.filters"].create({"name": "Visits", "model_id": "crm.stage.visit"})
env["ir.exports"].create({
    "name": "Export", "resource": "crm.subscription",
    "export_fields": [Command.create({"name": "name"})]})
env["ir.exports"].create({
    "name": "Contacts", "resource": "res.partner",
    "export_fields": [Command.create({"name": name})
                      for name in ("name", "crm_mrr", "parent_id/crm_mrr")]})
env["ir.default"].set("crm.subscription", "name", "Support")
env["ir.config_parameter"].set_param("crm_metrics.anything", "1")
env["mail.template"].create({"name": "Template", "model_id": model_id})
env["mail.activity.type"].create({"name": "Renew", "res_model": "crm.subscription"})
env["mail.message.subtype"].create({"name": "Sub", "res_model": "crm.subscription"})
env["ir.actions.server"].create({
    "name": "Server action", "model_id": model_id, "state": "code", "code": "pass"})
env["ir.cron"].create({
    "name": "Cron", "model_id": model_id, "state": "code", "code": "pass"})
env["ir.embedded.actions"].create({
    "name": "Embedded", "parent_res_model": "res.partner", "action_id": action.id,
    "parent_action_id": env.ref("base.action_partner_form").id})
env["ir.ui.view"].create({
    "name": "custom", "model": "crm.subscription", "type": "list",
    "arch": '<list><field name="name"/></list>'})
admin.action_id = action.id
env["crm.purchase.entry"].create({
    "name": "Receipt", "amount": 10, "partner_id": customer.id})
env["ir.filters"].create({
    "name": "Refunds", "model_id": "crm.purchase", "user_ids": admin.ids})
env.company.crm_metrics_purchase_source = "won"
env["res.config.settings"].create({}).action_crm_metrics_recompute()
env.cr.commit()
"""
#: Documents of each kind: an order, an invoice beside it, a deal, an imported purchase.
BUY = """
from odoo import Command
customer = env["res.partner"].create({"name": "Customer"})
account = {"company_ids": env.company.ids}
receivable, income = env["account.account"].create([
    {"name": "Owed", "code": "119999", "account_type": "asset_receivable", **account},
    {"name": "Sold", "code": "499999", "account_type": "income", **account}])
customer.property_account_receivable_id = receivable
journal = env["account.journal"].create({
    "name": "Sales", "code": "SLS", "type": "sale", "default_account_id": income.id})
product = env["product.product"].create({
    "name": "Thing", "type": "service", "invoice_policy": "order", "taxes_id": []})
order = env["sale.order"].create({
    "partner_id": customer.id, "order_line": [Command.create({
        "product_id": product.id, "price_unit": 300, "tax_ids": []})]})
order.action_confirm()
line = {"name": "Thing", "tax_ids": []}
invoices = env["account.move"].create([
    {"move_type": "out_invoice", "partner_id": customer.id, "journal_id": journal.id,
     "invoice_line_ids": [Command.create({**line, **values})]}
    for values in (
        {"price_unit": 300, "sale_line_ids": [Command.link(order.order_line.id)]},
        {"price_unit": 20})])
invoices.action_post()
env["crm.lead"].create({
    "name": "Deal", "type": "opportunity", "partner_id": customer.id,
    "expected_revenue": 50, "probability": 100, "company_id": env.company.id,
    "stage_id": env["crm.stage"].search([("is_won", "=", True)], limit=1).id})
env["crm.purchase.entry"].create({
    "name": "Receipt", "amount": 10, "partner_id": customer.id})
env.flush_all()
env.cr.commit()
"""
CHOOSE = """
env.company.crm_metrics_purchase_source = "%s"
env.cr.commit()
"""
#: What the scheduled action does.
REFRESH = """
engine = env["crm.metrics.engine"]
engine._cron_refresh()
env.cr.commit()
"""
DRIFT = """
print("DRIFT", env["crm.metrics.engine"].audit(["crm.purchase"]))
"""


@contextmanager
def base(name: str, *, demo: bool) -> Iterator[str]:
    """A database with Odoo's CRM and without the app."""
    with ready() as environment:
        environment.databases.create_base(name, demo=demo)
        try:
            yield name
        finally:
            environment.databases.drop(name)


@contextmanager
def cursor(database: str) -> Iterator[psycopg2.extensions.cursor]:
    with closing(psycopg2.connect(**testing.connection(database))) as connection:
        yield connection.cursor()


def each_table(database: str, select: str, *arguments: object) -> dict[str, list[str]]:
    """What a SELECT of one column gives, by table; `t` is the table."""
    found = {}
    with cursor(database) as cr:
        cr.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        )
        for (table,) in cr.fetchall():
            if table not in NOISE:
                cr.execute("SELECT " + select.format(table), arguments)
                found[table] = [value for (value,) in cr.fetchall()]
    return found


def rows(database: str) -> dict[str, int]:
    """The number of rows of each table."""
    counted = each_table(database, 'count(*) FROM "{}"')
    return {table: number for table, [number] in counted.items()}


def mentions(database: str) -> dict[str, list[str]]:
    """Rows in which a name of ours stands, by table."""
    found = each_table(
        database,
        't::text FROM "{}" t WHERE t::text ~ %s AND t::text !~ %s',
        OURS,
        ALLOWED,
    )
    for list_of_addons in ("ir_module_module", "ir_module_module_dependency"):
        found.pop(list_of_addons)
    return {table: texts for table, texts in found.items() if texts}


def shape(database: str) -> set[tuple[str, ...]]:
    """Tables, indexes, sequences, columns and constraints."""
    with cursor(database) as cr:
        cr.execute(
            """SELECT 'relation', relname FROM pg_class
                WHERE relnamespace = 'public'::regnamespace
                UNION ALL
               SELECT 'column', table_name || '.' || column_name
                 FROM information_schema.columns WHERE table_schema = 'public'
                UNION ALL
               SELECT 'constraint', conname FROM pg_constraint"""
        )
        return set(cr.fetchall())


@pytest.mark.parametrize("demo", [False, True], ids=["bare", "demo"])
def test_uninstalling_leaves_nothing(demo: bool) -> None:
    name = f"crm_metrics_uninstall_{clone_key()}_{int(demo)}"
    with base(name, demo=demo) as database:
        testing.shell(database, LIST)
        rows_before, shape_before = rows(database), shape(database)
        testing.shell(database, INSTALL)
        assert mentions(database), "the search finds nothing at all"
        testing.shell(database, USE)
        testing.shell(database, UNINSTALL % "crm_metrics")

        assert shape(database) == shape_before
        assert not mentions(database)
        left = {
            table: number - rows_before[table]
            for table, number in rows(database).items()
            if number != rows_before[table]
        }
        # contact and opportunity, and an export template with what it has of Odoo
        stays = dict.fromkeys(
            ("res_partner", "crm_lead", "ir_exports", "ir_exports_line"), 1
        )
        # who was to look after the opportunity follows it
        followers = ("mail_followers", "mail_followers_mail_message_subtype_rel")
        stays |= dict.fromkeys(followers, 1)
        if demo:
            # a second currency, prices in it, and recurring revenue in CRM: switches
            # of Odoo that the demo data turns on; what its scoring learnt from deals
            for table in (
                "product_pricelist",
                "res_groups_implied_rel",
                "crm_lead_scoring_frequency",
            ):
                left.pop(table, None)
        assert left == stays


def purchases(database: str) -> list[str]:
    """What counts, as `model|amount`."""
    counted = testing.sql(
        database, "SELECT res_model, round(amount) FROM crm_purchase ORDER BY 1, 2"
    )
    return counted.split()


def test_uninstalling_an_addon_takes_its_purchases_along() -> None:
    """Orders go first, then invoices; what remains counts as if they had never been."""
    name = f"crm_metrics_uninstall_{clone_key()}_glue"
    with testing.database(name) as database:
        testing.shell(database, BUY + REFRESH)
        imported = "crm.purchase.entry|10"
        assert purchases(database) == ["account.move|20", imported, "sale.order|300"]
        before = {each for each in shape(database) if "customer_idx" in str(each)}
        assert before, "the search finds no index of ours on their table"

        testing.shell(database, CHOOSE % "order" + REFRESH)
        assert purchases(database) == [imported, "sale.order|300"]
        testing.shell(database, UNINSTALL % "crm_metrics_sale")
        assert purchases(database) == [imported]
        chosen = "SELECT count(crm_metrics_purchase_source) FROM res_company"
        assert testing.sql(database, chosen) == "0"
        testing.shell(database, REFRESH)
        assert purchases(database) == ["account.move|20", "account.move|300", imported]

        testing.shell(database, CHOOSE % "invoice" + REFRESH)
        testing.shell(database, UNINSTALL % "crm_metrics_account")
        assert purchases(database) == [imported]
        testing.shell(database, REFRESH)
        assert purchases(database) == ["crm.lead|50", imported]
        assert "{'crm.purchase': 0}" in testing.shell(database, DRIFT)
        left = {each for each in shape(database) if "customer_idx" in str(each)}
        assert not left
