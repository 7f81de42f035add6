#!/usr/bin/env bash
# Install what demo, tests and benchmarks need, and say so; a second run installs nothing.
# Further Debian packages may be named: some benchmarks need a peer.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES=(openvswitch-switch frr frr-pythontools iproute2 ethtool nftables iputils-ping curl procps iperf3)

say() { printf '\033[1m[setup]\033[0m %s\n' "$*"; }

sudo_or_empty() {
  if [ "$(id -u)" -eq 0 ]; then echo env; elif sudo -n true 2>/dev/null; then echo "sudo -n env"; fi
}

missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
  done
}

install_packages() {
  local as_root missing
  command -v dpkg-query >/dev/null || { say "not a Debian system: install ${PACKAGES[*]} yourself"; return 0; }
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] && return 0
  as_root=$(sudo_or_empty)
  if [ -z "$as_root" ]; then
    say "left out, since there is no root and no password-less sudo: Debian packages ${missing[*]}"
    return 0
  fi
  say "installing Debian packages: ${missing[*]}"
  # The packages' own daemons stay off: beds run private instances (policy-rc.d, Debian Policy 9.3.3).
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    $as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy"
    trap "$as_root rm -f $policy" EXIT
  fi
  $as_root apt-get update -qq
  $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

find_python() {
  local name
  for name in python3 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return 0
    fi
  done
  say "Python 3.11 or newer is needed: install python3.11" >&2
  return 1
}

install_python() {
  local python stamp
  stamp=".venv/.installed-$(sha256sum pyproject.toml | cut -c1-16)"
  [ -e "$stamp" ] && return 0
  python=$(find_python)
  "$python" -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
  say "creating .venv with $("$python" --version) and installing fullstack-sdn and its development tools"
  # One without pip is what an interrupted run has left.
  .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
  .venv/bin/python -m pip install -q --disable-pip-version-check -e '.[dev]'
  touch "$stamp"
}

install_packages "${PACKAGES[@]}" "$@"
install_python
