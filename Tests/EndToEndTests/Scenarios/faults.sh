#!/bin/bash
# What a file system can do to the manifests, for real: mounts, permissions, a full disk. In each case no task may stop, and
# stderr, /readyz, `cube status` and, where it can be written, the status file must say what is wrong.
#
#   Tests/EndToEndTests/Scenarios/faults.sh [CASE …]          all cases without a name; needs root (for mounts, and to become another user)
#
# Cube runs as `nobody`, as root passes by every mode. All mounts are made in a mount namespace of this script's own.
set -u
here=$(cd "$(dirname "$0")/../../.." && pwd)
if [ -z "${CUBE_FAULTS_NAMESPACE:-}" ]; then
  [ "$(id -u)" = 0 ] || { echo "faults.sh: needs root to mount and to become another user" >&2; exit 2; }
  CUBE_FAULTS_NAMESPACE=1 exec unshare --mount --propagation private "$0" "$@"
fi

scratch=$(mktemp -d /tmp/cube-faults.XXXXXX)
chmod 755 "$scratch"
bin=$scratch/bin
mkdir "$bin" && cp "$here/.build/debug/cube" "$here/.build/debug/cube-supervisor" "$bin/"
failures=0 up_pid=

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
cube() { (cd "$world" && as_nobody "$bin/cube" "$@"); }
say() { printf '%s\n' "$*"; }

# Each task writes a line into the ledger when it starts and when it is asked to end: the ledger is the judge.
manifest() { # name [replicas]
  cat <<JSON
{"name": "$1", "replicas": ${2:-1}, "command": ["sh", "-c",
 "echo start $1 \$\$ >> $ledger; trap 'echo stop $1 \$\$ >> $ledger; exit 0' TERM; while :; do sleep 1 & wait \$!; done"]}
JSON
}

wait_for() { # seconds, what, command...
  local limit=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $limit ] || { say "   not seen in time: $what"; failures=$((failures + 1)); return 1; }
    sleep 0.2
  done
}

start_up() {
  (cd "$world" && exec setpriv --reuid=65534 --regid=65534 --clear-groups -- \
    "$bin/cube" up --manifests manifests --data-dir data >>"$world/out" 2>>"$world/err") &
  up_pid=$!
}
stop_up() { [ -n "$up_pid" ] && kill -INT "$up_pid" 2>/dev/null; wait "$up_pid" 2>/dev/null; up_pid=; }

# A world of its own for each case: a tmpfs with the manifests, a small one with the data directory, three services running.
begin() {
  world=$scratch/$1; ledger=$world/ledger
  mkdir -p "$world/manifests" "$world/data"
  mount -t tmpfs -o mode=755,uid=65534,gid=65534 manifests "$world/manifests"
  mount -t tmpfs -o mode=700,uid=65534,gid=65534,size=16m data "$world/data"
  : >"$ledger"; chown 65534:65534 "$world" "$ledger"
  for name in web api db; do manifest $name | as_nobody tee "$world/manifests/$name.json" >/dev/null; done
  start_up
  wait_for 40 "three tasks running" sh -c "[ \$(grep -c ^start $ledger) = 3 ]"
  wait_for 20 "Synced" grep -q '"Synced"' "$world/data/status/summary.json"
}

finish() {
  stop_up
  as_nobody "$bin/cube" down --manifests "$world/manifests" --data-dir "$world/data" >"$world/down" 2>&1 \
    || cube down --orphans --yes --data-dir data >>"$world/down" 2>&1
  umount "$world/manifests" "$world/data" 2>/dev/null
  true
}

stops() { grep -c ^stop "$ledger"; }

# Says what each surface tells, and judges: nothing stopped, nothing started twice, and the word is there.
judge() { # case, word expected in status or stderr
  local ready; ready=$(python3 - "$world/data/run/addresses.json" <<'PY'
import json, sys, urllib.request, urllib.error
try:
    url = json.load(open(sys.argv[1]))["reconciler"] + "/readyz"
    print(urllib.request.urlopen(url, timeout=5).read().decode().strip())
except urllib.error.HTTPError as error: print(error.read().decode().strip())
except Exception as error: print("no answer:", error)
PY
)
  local status; status=$(cube status --manifests manifests --data-dir data 2>&1)
  say "   /readyz: $ready"
  say "   status:"; printf '%s\n' "$status" | sed 's/^/      /'
  say "   stderr:"; tail -n 3 "$world/err" | sed 's/^/      /'
  if [ "$(stops)" != 0 ] || [ "$(grep -c ^start "$ledger")" != 3 ]; then
    say "FAILED $1: the ledger says:"; sed 's/^/      /' "$ledger"; failures=$((failures + 1))
  elif ! grep -qE "$2" <<<"$status$ready"; then
    say "FAILED $1: neither status nor /readyz says $2"; failures=$((failures + 1))
  elif ! grep -qE "$2" "$world/err"; then
    say "FAILED $1: stderr does not say $2"; failures=$((failures + 1))
  else
    say "passed $1"
  fi
}

said() { cube status --manifests manifests --data-dir data 2>&1 | grep -qE "$1"; }

half_written() {
  printf '{"name": "web", "comm' >"$world/manifests/web.json"
  wait_for 20 "syntax" said 'syntax|Stale'; judge half_written 'syntax|Stale'
}
unreadable_file() {
  chmod 000 "$world/manifests/web.json"; touch "$world/manifests"
  wait_for 90 "unreadable" said 'unreadable|Stale'; judge unreadable_file 'unreadable|Stale'
}
broken_after_reconciler_deleted() {
  stop_up
  rm -rf "$world/data/reconciler"
  printf '{"name": "web", "comm' >"$world/manifests/web.json"
  start_up
  wait_for 40 "syntax" said 'syntax|Stale'; judge broken_after_reconciler_deleted 'syntax|Stale'
}
root_removed() {
  umount --lazy "$world/manifests" && rmdir "$world/manifests"
  wait_for 90 "unreadable root" said 'root|unreadable|missing'; judge root_removed 'root|unreadable|missing'
}
root_unmounted() {
  # Not lazily: Cube holds nothing open there but while it looks.
  wait_for 10 "umount" umount "$world/manifests"
  wait_for 90 "held" said 'root_replaced|guard'; judge root_unmounted 'root_replaced|guard'
}
root_emptied() {
  rm "$world/manifests"/*.json
  wait_for 30 "guard_empty" said guard_empty; judge root_emptied guard_empty
}
disk_full() {
  dd if=/dev/zero of="$world/data/ballast" bs=64k 2>/dev/null; chown 65534 "$world/data/ballast"
  rm "$world/manifests/web.json"; manifest late | as_nobody tee "$world/manifests/late.json" >/dev/null
  wait_for 60 "storage" said 'guard_storage|storage|No space'; judge disk_full 'guard_storage|storage|No space'
  rm "$world/data/ballast"
}

cases=${*:-half_written unreadable_file broken_after_reconciler_deleted root_removed root_unmounted root_emptied disk_full}
for case in $cases; do
  say "== $case"
  begin "$case" && "$case"
  finish
done
say "$failures failures; scratch: $scratch"
[ "$failures" = 0 ] && rm -rf "$scratch"
exit "$((failures > 0))"
