#!/bin/sh
# Make the database on the first start; then serve it over TLS to clients of our authority alone.
set -eu
keys=/run/keys
if [ ! -d "$PGDATA" ]; then
  fresh=$PGDATA.new # a first start that is interrupted begins anew
  rm -rf "$fresh"
  initdb -D "$fresh" --username=postgres --auth-local=peer --auth-host=reject --encoding=UTF8 >/dev/null
  printf 'CREATE ROLE fsdn LOGIN\nCREATE DATABASE fsdn OWNER fsdn\n' |
    postgres --single -D "$fresh" -c exit_on_error=on postgres >/dev/null
  mv "$fresh" "$PGDATA"
fi
# The controller's certificate stands for the role fsdn.
printf 'fsdn controller fsdn\n' >"$PGDATA/pg_ident.conf"
printf '%s\n' 'local all postgres peer' 'hostssl fsdn fsdn all cert map=fsdn' >"$PGDATA/pg_hba.conf"
exec postgres -c listen_addresses='*' -c ssl=on -c ssl_min_protocol_version=TLSv1.3 \
  -c ssl_cert_file=$keys/tls.crt -c ssl_key_file=$keys/tls.key -c ssl_ca_file=$keys/ca.crt
