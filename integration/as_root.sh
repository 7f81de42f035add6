#!/usr/bin/env bash
# Run a command as root where that can be had, and as this user where it cannot.
set -euo pipefail
if [ "$(id -u)" -ne 0 ] && sudo -n true 2>/dev/null; then
  kept=$(compgen -e | grep -E '^(FSDN_.*|KEEP|QUICK|ARGS|FORCE|CI|NO_COLOR|COLUMNS|COMPOSE_PROJECT_NAME|DOCKER_HOST)$' | paste -sd,) || true
  exec sudo -n ${kept:+"--preserve-env=$kept"} "$@"
fi
exec "$@"
