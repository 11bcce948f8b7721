{
    "name": "CRM Metrics: Orders",
    "summary": "Count orders as purchases, or invoices joined by order",
    "version": "19.0.1.0.0",
    "development_status": "Beta",
    "category": "Sales/CRM",
    "author": "CRM Metrics contributors",
    "license": "LGPL-3",
    "depends": ["crm_metrics_account", "sale_crm"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
