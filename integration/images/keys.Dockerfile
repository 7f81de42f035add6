# Makes the bed's authority, certificates and token, once, and ends.
FROM debian:bookworm-slim

RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends 'openssl=3.0.*' >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/*

COPY integration/images/keys.sh /usr/local/bin/make-keys
ENTRYPOINT ["make-keys"]
