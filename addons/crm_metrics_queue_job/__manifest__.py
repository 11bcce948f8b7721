{
    "name": "CRM Metrics: Job Queue",
    "summary": "Rebuild facts by jobs, spread over all Odoo processes and hosts",
    "version": "19.0.1.0.0",
    "development_status": "Beta",
    "category": "Sales/CRM",
    "author": "CRM Metrics contributors",
    "license": "LGPL-3",
    "depends": ["crm_metrics", "queue_job"],
    "data": ["data/queue_job_function_data.xml"],
    "auto_install": True,
}
