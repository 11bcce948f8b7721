{
    "name": "CRM Metrics",
    "summary": "See inside your CRM where recurring revenue comes from",
    "version": "19.0.1.0.0",
    "development_status": "Beta",
    "category": "Sales/CRM",
    "author": "CRM Metrics contributors",
    "license": "LGPL-3",
    "application": True,
    "depends": ["crm"],
    "data": [
        "security/ir.model.access.csv",
        "security/crm_metrics_security.xml",
        "data/ir_cron_data.xml",
    ],
    "post_init_hook": "post_init_hook",
}
