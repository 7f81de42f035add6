#!/usr/bin/env bash
# Bring the bed of containers up or down, with Compose v2 or Debian's 1.29, whichever is there.
#
#   compose.sh up [PROFILE...]    build, start, and wait until a request goes the whole way
#   compose.sh down               remove containers, networks, volumes; images stay
#   compose.sh certify NAME       make a key and certificate for a device of your own in .compose/keys/NAME
#   compose.sh replace SERVICE IMAGE   run a service by another image, as an upgrade does
#   compose.sh run SERVICE PROGRAM [ARGUMENT...]   run a program in a container of its own
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m[compose]\033[0m %s\n' "$*"; }

if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  say "Docker Compose is missing: apt-get install docker-compose, or Docker's compose plugin" >&2
  exit 1
fi

has_grafana() {
  local image
  image=$(sed -n 's/^ *image: \(grafana.*\)/\1/p' docker-compose.yml)
  docker image inspect "$image" >/dev/null 2>&1 || timeout 300 docker pull -q "$image" >/dev/null 2>&1 || {
    say "left out: Grafana, since no registry gives $image; its dashboard is in integration/compose/grafana" >&2
    return 1
  }
}

up() {
  local profile tool="${compose[*]}" alone=()
  for profile in "$@"; do
    # Debian has no Grafana: without a registry the rest of its profile comes up alone.
    if [ "$profile" = observability ] && ! has_grafana; then alone=(prometheus); else compose+=(--profile "$profile"); fi
  done
  bash integration/images/base.sh
  "${compose[@]}" build --quiet
  "${compose[@]}" up -d
  if [ "${#alone[@]}" -ne 0 ]; then
    "${compose[@]}" build --quiet "${alone[@]}"
    "${compose[@]}" up -d --no-deps "${alone[@]}" # what it depends on is up, and stays as it is
  fi
  local gateway state code
  code=$(docker wait "$("${compose[@]}" ps -aq policy)") # it gives up by itself
  if [ "$code" != 0 ]; then
    say "not every device runs the policy; see $tool logs policy" >&2
    return 1
  fi
  gateway=$("${compose[@]}" ps -q gateway)
  for _ in $(seq 90); do
    state=$(docker inspect -f '{{.State.Health.Status}}' "$gateway")
    [ "$state" = healthy ] && break
    sleep 1
  done
  if [ "$state" != healthy ]; then
    say "no request goes through the gateway; see $tool ps, and logs of policy and gateway" >&2
    return 1
  fi
  say "it stands, and traffic flows. Try:"
  printf '  %s\n' "$tool exec controller fsdn status" \
    "curl -s $("${compose[@]}" port gateway 8080)/" \
    "$tool exec controller fsdn explain shop/gateway reviews --tcp 80 --http 'GET /admin'" \
    "make compose-down"
}

down() {
  "${compose[@]}" --profile observability --profile load down --volumes --remove-orphans --timeout 3
}

certify() {
  local place="$PWD/.compose/keys/${1:-}"
  case ${1:-} in
    '' | *[!a-zA-Z0-9.-]*) say "give the name of the device: letters, digits, dots and dashes" >&2; return 1 ;;
  esac
  mkdir -p "$place"
  "${compose[@]}" run --rm -T --no-deps -v "$place:/keys/$1" keys "$1:${SUDO_UID:-$(id -u)}"
  say "$place holds tls.crt, tls.key, ca.crt, and the token of the API"
}

replace() {
  printf 'services: {%s: {image: "%s"}}\n' "$1" "$2" >"$override"
  "${compose[@]}" -f docker-compose.yml -f "$override" up -d --no-deps --no-build "$1"
}

run() {
  local service=$1 program=$2
  shift 2
  "${compose[@]}" run --rm -T --no-deps --entrypoint "$program" "$service" "$@"
}

override=$(mktemp --suffix=.yml)
trap 'rm -f "$override"' EXIT
"$@"
