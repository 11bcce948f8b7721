# What can be done here: `make help`. The work is in scripts/setup.
PYTHON ?= python3
SETUP = @$(PYTHON) -m scripts.setup
PORT ?= 8069
ARGS ?=

.PHONY: db shell server pytest run psql
db:  ## fresh database DB from a template (DEMO=1, ADDONS=a,b)
	$(SETUP) db $(DB) $(if $(filter 1,$(DEMO)),--demo) $(if $(ADDONS),--addons $(ADDONS))
shell:  ## Odoo shell on DB, runs the script on standard input
	$(SETUP) shell $(DB)
server:  ## serve DB at 127.0.0.1:PORT until stopped
	$(SETUP) server $(DB) --port $(PORT)
pytest:  ## addon tests on DB: ARGS="addons/crm_metrics/tests/test_x.py -k foo"
	$(SETUP) pytest $(DB) $(ARGS)
run:  ## any program in the project's environment: ARGS="python -m pytest tests/kernel"
	$(SETUP) run $(ARGS)
psql:  ## psql on DB
	$(SETUP) run psql $(DB)
