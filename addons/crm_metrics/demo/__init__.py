from . import crm_metrics_demo
