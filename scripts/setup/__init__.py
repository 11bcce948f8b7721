"""Sets up everything that CRM Metrics needs to run and be tested.

``python3 -m scripts.setup COMMAND`` is what the Makefile calls. The package uses
the standard library only, because it runs before the virtual environment exists.

Everything it makes lies in one cache folder (see :mod:`scripts.setup.paths`), which
several clones on a machine share. Each thing in it is named after what it was made
from, is built under another name and then renamed, and is guarded by a file lock: a
command can be interrupted, repeated or run twice at once without harm.

==================  ==========================================================
module              what it looks after
==================  ==========================================================
``paths``           where things lie, and hashes that name them
``console``         messages, problems, long-running steps
``locks``           locks between processes
``venv``            the virtual environment, from the lock files
``odoo``            the Odoo 19 sources
``postgres``        a PostgreSQL server: a named one, or our own while needed
``node``            the formatters that come from npm
``chromium``        the browser for browser tests
``odoo_process``    starting Odoo: configuration, shell, server
``databases``       template databases and their copies
``environment``     all of the above together
``stages``, ...     what ``make lint`` and ``make test`` run
``testing``         what tests may import
``cli``             the commands
==================  ==========================================================
"""
