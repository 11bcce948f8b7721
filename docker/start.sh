#!/bin/sh
# Serve the database in the container. It is made on the first start and updated when
# the addons have changed; killed at any point, the next start goes on well.
set -eu

database=crm_metrics
addons=${ADDONS:-/mnt/extra-addons}
data=${DATA:-/var/lib/odoo}
# the last of those that join it to what a CRM mostly has, so that all are there
modules=crm_metrics,crm_metrics_sale

# It has this name until it is complete.
unfinished=${database}_unfinished
record=$data/crm_metrics.addons

query() {
    psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \
        --dbname=postgres --command="$1"
}

# Names the state of the files that a database depends on.
state_of_addons() {
    find "$addons" -type f ! -path '*/static/*' ! -path '*/tests/*' \
        ! -path '*/__pycache__/*' -exec sha256sum {} + | sort | sha256sum
}

if [ ! -f "$addons/crm_metrics/__manifest__.py" ]; then
    echo "crm-metrics: there is no crm_metrics in $addons (is it mounted?)" >&2
    exit 1
fi
state=$(state_of_addons)
# An assignment of its own: when the server cannot be asked, the script ends here and
# does not take the database for missing.
found=$(query "SELECT 1 FROM pg_database WHERE datname = '$database'")

if [ -z "$found" ]; then
    echo "crm-metrics: first start, installing $modules with demo data"
    query "DROP DATABASE IF EXISTS \"$unfinished\" WITH (FORCE)"
    rm -rf "$data/filestore/$unfinished" "$data/filestore/$database"
    odoo server --database="$unfinished" --init="$modules" --with-demo \
        --stop-after-init --no-http
    # Files first: the name of the database is what says that all is there.
    if [ -d "$data/filestore/$unfinished" ]; then
        mv "$data/filestore/$unfinished" "$data/filestore/$database"
    fi
    echo "$state" >"$record"
    query "ALTER DATABASE \"$unfinished\" RENAME TO \"$database\""
elif [ ! -f "$record" ] || [ "$(cat "$record")" != "$state" ]; then
    echo "crm-metrics: the addons have changed, updating"
    odoo server --database="$database" --init="$modules" \
        --update=crm_metrics --stop-after-init --no-http
    echo "$state" >"$record"
fi

exec odoo server --database="$database"
