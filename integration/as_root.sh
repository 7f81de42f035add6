#!/usr/bin/env bash
# Run a command as root where that can be had, and as this user where it cannot.
set -euo pipefail
if [ "$(id -u)" -ne 0 ] && sudo -n true 2>/dev/null; then
  exec sudo -n --preserve-env=KEEP,QUICK,ARGS,FSDN_SEED,FSDN_ENDURANCE,FSDN_TEST_ENVOY,CI,NO_COLOR,COLUMNS "$@"
fi
exec "$@"
