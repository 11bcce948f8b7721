"""Run the measurements and print one JSON line per measure."""

import argparse
import sys
from pathlib import Path

from scripts.setup import testing

from . import bottlenecks, feedback, lead_write, nps, pipeline, purchases, recurring
from .harness import Bench, measures_of, registry_of

#: What each size is of the rows of `large`.
SIZES = {"large": 1, "small": 0.1}
CUSTOMERS = 200_000
DEALS = 500_000
CONTACTS = ANSWERS = 100_000
PARTS = ("recurring", "purchases", "nps", "leads", "pipeline", "feedback")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--database", default="crm_metrics_bench")
    parser.add_argument(
        "--keep", action="store_true", help="leave the database for a look at it"
    )
    parser.add_argument(
        "--only", choices=PARTS, nargs="+", default=PARTS, help="default: all"
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="what a smaller size has printed: tells how the time grows with the rows",
    )
    arguments = parser.parse_args()
    smaller = measures_of(arguments.against) if arguments.against else {}
    size = SIZES[arguments.size]
    with (
        testing.database(arguments.database, keep=arguments.keep) as name,
        registry_of(name) as registry,
    ):
        bench = Bench(registry, smaller)
        if "recurring" in arguments.only:
            recurring.measure(bench, customers=int(CUSTOMERS * size))
        if "purchases" in arguments.only:
            purchases.measure(bench, customers=int(CUSTOMERS * size))
        if "nps" in arguments.only:
            nps.measure(bench, answers=int(ANSWERS * size))
        if "leads" in arguments.only:
            lead_write.measure(bench)
        if "pipeline" in arguments.only:
            pipeline.measure(bench, leads=int(DEALS * size))
            bottlenecks.measure(bench)
        if "feedback" in arguments.only:
            feedback.measure(bench, contacts=int(CONTACTS * size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
