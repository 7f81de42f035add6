# PostgreSQL from Debian's package, which asks every client for a certificate: there is no password.
FROM debian:bookworm-slim

RUN groupadd --system --gid 990 postgres \
 && useradd --system --uid 990 --gid postgres --home-dir /var/lib/postgresql --shell /bin/sh postgres \
 && apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends 'postgresql-15=15.*' >/dev/null \
 && pg_dropcluster 15 main \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/*

ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data/15
COPY integration/images/postgres.sh /usr/local/bin/serve
RUN install -d -m 700 -o postgres -g postgres /var/lib/postgresql/data \
 && install -d -o postgres -g postgres /var/run/postgresql

USER postgres
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["serve"]
