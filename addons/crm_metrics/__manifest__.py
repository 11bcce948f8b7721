{
    "name": "CRM Metrics",
    "summary": "See inside your CRM where recurring revenue comes from",
    "version": "19.0.1.0.0",
    "development_status": "Beta",
    "category": "Sales/CRM",
    "website": "https://github.com/crm-metrics/crm-metrics",
    "author": "CRM Metrics contributors",
    "license": "LGPL-3",
    "application": True,
    "depends": ["crm"],
    "data": [],
}
