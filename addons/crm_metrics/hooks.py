def post_init_hook(env):
    """Fill the facts from what the sources hold already."""
    for fact in env["crm.metrics.engine"]._facts():
        env[fact]._fact_install()


def uninstall_hook(env):
    """Drop what Odoo does not know of."""
    env.cr.execute("DROP FUNCTION IF EXISTS crm_metrics_log_leads")
