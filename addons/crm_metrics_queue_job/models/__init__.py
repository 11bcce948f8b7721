from . import crm_metrics_engine
