# Prometheus from Debian's package; what it asks is mounted (integration/compose/prometheus.yml).
FROM debian:bookworm-slim

RUN groupadd --system --gid 991 prometheus \
 && useradd --system --uid 991 --gid prometheus --home-dir /prometheus --shell /usr/sbin/nologin prometheus \
 && install -d -o prometheus -g prometheus /prometheus \
 && apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends 'prometheus=2.42.*' >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/*

USER prometheus
EXPOSE 9090
ENTRYPOINT ["prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
CMD ["--storage.tsdb.retention.time=7d"]
