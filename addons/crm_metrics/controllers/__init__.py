from . import crm_metrics, crm_nps
