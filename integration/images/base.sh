#!/usr/bin/env bash
# Have debian:bookworm-slim: pulled where a registry answers, else built by mmdebstrap and imported.
#
# A built one trusts the authorities that this machine trusts (/usr/local/share/ca-certificates),
# so that apt and pip work in builds behind a proxy that ends TLS. FORCE=1 builds it anew.
set -euo pipefail

IMAGE=debian:bookworm-slim
AUTHORITIES=/usr/local/share/ca-certificates

say() { printf '\033[1m[base-image]\033[0m %s\n' "$*"; }

build() {
  local authorities=()
  command -v mmdebstrap >/dev/null || {
    say "no registry answers, and mmdebstrap is missing: apt-get install mmdebstrap" >&2
    return 1
  }
  mapfile -t authorities < <(find "$AUTHORITIES" -maxdepth 1 -name '*.crt' 2>/dev/null | sort)
  say "no registry answers: building $IMAGE with mmdebstrap, with ${#authorities[@]} authorities of this machine"
  mkdir "$work/ca-certificates"
  [ "${#authorities[@]}" -eq 0 ] || cp "${authorities[@]}" "$work/ca-certificates/"
  # What Debian's own slim image leaves out, and the package lists, which every build fetches anyway.
  mmdebstrap --variant=minbase --include=ca-certificates,usr-is-merged --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --setup-hook='mkdir -p "$1/usr/local/share"' \
    --setup-hook="copy-in $work/ca-certificates /usr/local/share/" \
    bookworm "$work/base.tar" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
  docker import --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' --change 'CMD ["bash"]' \
    "$work/base.tar" "$IMAGE" >/dev/null
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "${FORCE:-0}" = 0 ] && docker image inspect "$IMAGE" >/dev/null 2>&1; then
  exit 0
fi
if [ "${FORCE:-0}" != 0 ] || ! timeout 60 docker pull -q "$IMAGE" >/dev/null 2>&1; then
  build
fi
say "$IMAGE is there ($(docker image inspect -f '{{.Size}}' "$IMAGE" | numfmt --to=iec))"
