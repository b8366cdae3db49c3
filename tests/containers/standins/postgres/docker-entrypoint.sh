#!/bin/bash
# As the published image: makes the data once, runs what lies in docker-entrypoint-initdb.d, serves.
set -euo pipefail
socket=(-c unix_socket_directories=/var/run/postgresql)
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" --encoding UTF8 --no-locale \
    --auth-local trust --auth-host scram-sha-256 --pwfile <(printf '%s\n' "$POSTGRES_PASSWORD")
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata "$PGDATA" --options "-c listen_addresses='' ${socket[*]}" --wait start
  export PGHOST=/var/run/postgresql
  for file in /docker-entrypoint-initdb.d/*.sh; do
    if [ -x "$file" ]; then "$file"; elif [ -r "$file" ]; then . "$file"; fi
  done
  pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
  unset PGHOST
fi
exec "$@" -c "listen_addresses=*" "${socket[@]}"
