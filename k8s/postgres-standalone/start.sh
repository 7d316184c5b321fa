#!/bin/bash
# Makes the cluster of databases where there is none, then becomes the server.
# It is made in a folder of its own and moved in one step: what an interruption leaves is made anew.
set -euo pipefail
new=$PGDATA.new secrets=/run/secrets/postgres
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  rm -rf "$new"
  initdb --pgdata "$new" --username postgres --pwfile "$secrets/superuser-password" --auth-host scram-sha-256 \
    --auth-local trust --data-checksums --encoding UTF8 --locale C.UTF-8
  # Only its socket is open while it is made.
  pg_ctl --pgdata "$new" --wait --options "-c listen_addresses='' -c unix_socket_directories=/run/postgresql" start
  psql --host /run/postgresql --username postgres --no-psqlrc --set ON_ERROR_STOP=1 \
    --set password="$(cat "$secrets/shop-password")" <<'SQL'
CREATE ROLE shop LOGIN PASSWORD :'password';
CREATE DATABASE shop OWNER shop;
SQL
  pg_ctl --pgdata "$new" --wait --mode fast stop
  mv "$new" "$PGDATA"
fi
exec postgres -D "$PGDATA" -c config_file=/run/settings/postgresql.conf -c hba_file=/run/settings/pg_hba.conf
