#!/bin/sh
# Run once by the image of PostgreSQL, when its data folder is new: a role and a database each.
set -eu
for service in incident_intake escalation notifier postmortem; do
  password=$(printenv "$(echo "$service" | tr a-z A-Z)_PASSWORD")
  psql --quiet --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 \
    --set service="$service" --set password="$password" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE CONNECT ON DATABASE :"service" FROM PUBLIC;
SQL
done
