{
    "name": "CRM Metrics: Invoices",
    "summary": "Count posted customer invoices as purchases",
    "version": "19.0.1.0.0",
    "development_status": "Beta",
    "category": "Sales/CRM",
    "author": "CRM Metrics contributors",
    "license": "LGPL-3",
    "depends": ["crm_metrics", "account"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
