"""``python -m crm_metrics_cli`` is the command ``crm-metrics``."""

from .cli import main

main(prog_name="crm-metrics")
