from . import crm_metrics
