from . import crm_metrics_demo
from . import crm_metrics_demo_feedback
from . import crm_metrics_demo_pipeline
from . import crm_metrics_demo_purchases
