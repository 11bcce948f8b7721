"""Measures of the figures of the pipeline: twelve months, and everything."""

from .deals import DAYS, END
from .harness import Bench, forget_peak

#: days of each range, up to the end of the history
RANGES = {"bottlenecks": 365, "bottlenecks_whole": DAYS + 365}


def measure(bench: Bench) -> None:
    rows = bench.timed(lambda env: env["crm.stage.visit"].search_count([]))[1]
    for name, days in RANGES.items():
        options = {
            "date_from": str(END.date().fromordinal(END.toordinal() - days)),
            "date_to": str(END.date()),
        }
        forget_peak()
        seconds = bench.median(
            lambda env, options=options: env["crm.metrics"].bottlenecks(options),
            times=3,
        )
        bench.report(name, rows, seconds)
