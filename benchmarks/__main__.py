"""Run the measurements and print one JSON line per measure."""

import argparse
import sys

from scripts.setup import testing

from . import lead_write, purchases, recurring
from .harness import Bench, registry_of

#: Rows of each size: `small` is a tenth of `large`.
SIZES = {"large": 200_000, "small": 20_000}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--database", default="crm_metrics_bench")
    parser.add_argument(
        "--keep", action="store_true", help="leave the database for a look at it"
    )
    arguments = parser.parse_args()
    with (
        testing.database(arguments.database, keep=arguments.keep) as name,
        registry_of(name) as registry,
    ):
        bench = Bench(registry)
        recurring.measure(bench, customers=SIZES[arguments.size])
        purchases.measure(bench, customers=SIZES[arguments.size])
        lead_write.measure(bench)
    return 0


if __name__ == "__main__":
    sys.exit(main())
