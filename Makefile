# The work is done by scripts/setup; `make help` tells what there is.
PYTHON ?= python3
SETUP := @$(PYTHON) -m scripts.setup
PORT ?= 8069
SIZE ?= small
need = $(if $($(1)),,$(error name it: make $@ $(1)=...))

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test lint format bench db dropdb shell server psql \
        pytest odoo run lock

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' \
		$(MAKEFILE_LIST)
	@echo "Set-up: CRM_METRICS_HOME (cache folder), ODOO_HOME (an Odoo 19),"
	@echo "        DATABASE_URL or PG* (a PostgreSQL server); none is needed."

demo:  ## serve the app with demo data at 127.0.0.1:PORT (PORT=8069)
	$(SETUP) demo --port $(PORT)
demo-reset:  ## drop the demo database; the next make demo makes a fresh one
	$(SETUP) demo --reset

test:  ## everything that CI runs (STAGES="lint kernel ..." for a part)
	$(SETUP) test $(STAGES)
lint:  ## check the form of the code (CHECKS="ruff prettier ..." for a part)
	$(SETUP) lint $(CHECKS)
format:  ## apply the formatters
	$(SETUP) format
bench:  ## measure: SIZE=small or large (ARGS="..." for the benchmarks)
	$(SETUP) bench $(SIZE) $(ARGS)

db:  ## fresh database DB=name from a template (DEMO=1, ADDONS=a,b)
	$(SETUP) db $(DB)$(call need,DB) $(if $(filter 1,$(DEMO)),--demo) \
		$(if $(ADDONS),--addons $(ADDONS))
dropdb:  ## drop database DB=name with its files
	$(SETUP) dropdb $(DB)$(call need,DB)
shell:  ## Odoo shell on DB=name, runs the script on standard input
	$(SETUP) shell $(DB)$(call need,DB)
server:  ## serve DB=name at 127.0.0.1:PORT until stopped
	$(SETUP) server $(DB)$(call need,DB) --port $(PORT)
psql:  ## psql on DB=name
	$(SETUP) run psql $(DB)$(call need,DB)

pytest:  ## addon tests on DB=name: ARGS="addons/crm_metrics/tests/test_x.py -k foo"
	$(SETUP) pytest $(DB)$(call need,DB) $(ARGS)
odoo:  ## Odoo's own commands: ARGS="server -d name -u crm_metrics --stop-after-init"
	$(SETUP) odoo $(ARGS)
run:  ## any program in the project's environment: ARGS="python -m pytest tests/kernel"
	$(SETUP) run $(ARGS)
lock:  ## write the lock files anew from requirements*.in, package.json (UPGRADE=1)
	$(SETUP) lock $(if $(filter 1,$(UPGRADE)),--upgrade)
