#!/usr/bin/env bash
# Install Debian's container engine, Compose and mmdebstrap, each only where there is none of its kind.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
docker info >/dev/null 2>&1 || command -v dockerd >/dev/null || packages+=(docker.io)
docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || packages+=(docker-compose)
docker image inspect debian:bookworm-slim >/dev/null 2>&1 || command -v mmdebstrap >/dev/null || packages+=(mmdebstrap)
[ "${#packages[@]}" -eq 0 ] || bash integration/setup.sh "${packages[@]}"
