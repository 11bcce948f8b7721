"""Entry point: ``python3 -m scripts.setup``."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (said before anything newer is parsed)
    sys.exit(
        "Python 3.11 or newer is needed, this is {}.{}. "
        "Name another one with: make PYTHON=python3.11 ...".format(*sys.version_info)
    )

from .cli import main

sys.exit(main())
