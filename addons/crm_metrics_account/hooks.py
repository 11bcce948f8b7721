from odoo.tools import SQL


def post_init_hook(env):
    """Count invoices from now on, in companies that have not chosen otherwise."""
    env["crm.purchase"]._queue_companies()


def uninstall_hook(env):
    """Take the invoices out of the figures, and the index off their table."""
    env["crm.purchase"]._remove_source("account.move")
    env.cr.execute(
        SQL(
            "DROP INDEX IF EXISTS %s",
            SQL.identifier("account_move_crm_metrics_customer_idx"),
        )
    )
