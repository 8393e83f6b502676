#!/bin/bash
# Many manifests: RUNNING of them really run, the rest is suspended. Then one is edited and one deleted, and the system calls
# of the reconciler are counted: idle, for the edit, and for the deletion. They must not grow with the number of manifests.
#
#   Tests/EndToEndTests/Scenarios/scale.sh [COUNT …]          default: 1000 10000; RUNNING=500 by default; needs strace
set -eu
here=$(cd "$(dirname "$0")/../../.." && pwd)
cube=$here/.build/${CONFIGURATION:-debug}/cube
command -v strace >/dev/null || { echo "scale.sh: needs strace" >&2; exit 2; }

service() { # name suspended version
  printf '{"name": "%s", "suspend": %s, "env": {"VERSION": "%s"}, "command": ["sleep", "1000000"]}\n' "$1" "$2" "$3"
}

# Counts the system calls of process $1 until the command that follows succeeds, and 3 seconds more.
count_calls() { # pid name command...
  local pid=$1 name=$2; shift 2
  strace --follow-forks --summary-only --output "$world/strace.$name" --attach "$pid" 2>/dev/null &
  local tracer=$!
  sleep 1
  "$@"
  sleep 3
  kill -INT "$tracer"; wait "$tracer" || true
  awk -v what="$name" '$NF == "total" { printf "   %-8s %8d system calls\n", what, $3 + 0 ? $3 : $4 }' "$world/strace.$name"
}

until_so() { local limit=$((SECONDS + 900)); until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $limit ] || { echo "not in time: $*" >&2; return 1; }; sleep 0.2; done; }
edit_one() { service w-00000 false 2 >"$world/manifests/.new" && mv "$world/manifests/.new" "$world/manifests/w-00000.json"
  until_so sh -c "pgrep -u $(id -u) -f 'sleep 1000000' >/dev/null && grep -q '\"attempt\" *: *1' '$world/.cube/status/workloads/w-00000.json'"; }
delete_one() { rm "$world/manifests/w-00001.json"; until_so test ! -e "$world/.cube/status/workloads/w-00001.json"; }
stay_idle() { sleep 10; }

for count in "${@:-1000 10000}"; do for count in $count; do
  world=$(mktemp -d /tmp/cube-scale.XXXXXX)
  mkdir "$world/manifests"
  for ((i = 0; i < count; i++)); do
    name=$(printf 'w-%05d' "$i")
    service "$name" "$([ "$i" -lt "${RUNNING:-500}" ] && echo false || echo true)" 1 >"$world/manifests/$name.json"
  done
  cd "$world"
  "$cube" manager --listen "unix:$world/manager.sock" 2>manager.log & manager=$!
  until_so test -S "$world/manager.sock"
  "$cube" worker --name w1 --join "unix:$world/manager.sock" --listen "unix:$world/worker.sock" 2>worker.log & worker=$!
  began=$SECONDS
  "$cube" reconcile --manager "unix:$world/manager.sock" 2>reconcile.log & reconciler=$!
  until_so grep -q '"sync" *: *"Synced"' .cube/status/summary.json
  echo "== $count manifests, ${RUNNING:-500} running: converged after $((SECONDS - began)) s"
  grep -E 'VmHWM' "/proc/$reconciler/status" | sed 's/^/   reconciler /'
  sleep 5
  count_calls "$reconciler" idle stay_idle
  count_calls "$reconciler" edit edit_one
  count_calls "$reconciler" delete delete_one
  kill "$reconciler"; wait "$reconciler" || true
  "$cube" down --manager "unix:$world/manager.sock" >down.log 2>&1 || cat down.log
  kill "$worker" "$manager"; wait "$worker" "$manager" || true
  cd /; rm -rf "$world"
done; done
