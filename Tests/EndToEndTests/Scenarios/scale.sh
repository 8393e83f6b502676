#!/bin/bash
# Measures how the cost of a change grows with the number of manifests. RUNNING of the manifests really run, the rest
# are suspended. One manifest is edited, then ten at once, then one is deleted, each with few and with many manifests.
# The cost is counted in system calls rather than seconds, so that the result is the same on every machine.
#
#   Tests/EndToEndTests/Scenarios/scale.sh [FEW MANY]         default: 1000 10000; RUNNING=500; needs strace, not root
#
# Costs that may grow in proportion to the number of manifests:
#   start    each manifest is checked and read, and read again if it was written less than two seconds before;
#            its status is written
#   rescan   once a minute each manifest is checked (one fstatat) in case an event was lost; none is read
#   restart  each status file is read, to continue the times in it, and each manifest; no status is written
#   status   `cube status` reads the status of each workload
#   delete   the listings: two listings prove the absence, each with some thousand names per call
# No other cost may grow: not the work of an idle reconciler, nor what an edit or a deletion costs in reads, in files
# written, in bytes, in requests to the manager or in the manager's work. (A longer start makes more requests only because
# it takes longer.)
set -eu
here=$(cd "$(dirname "$0")/../../.." && pwd)
cube=$here/.build/${CONFIGURATION:-debug}/cube
few=${1:-1000} many=${2:-10000} running=${RUNNING:-500}
command -v strace >/dev/null || { echo "scale.sh: needs strace" >&2; exit 2; }

results=$(mktemp -d /tmp/cube-scale.XXXXXX)
world= manager= worker= reconciler= tracer= reconciling= pid= count=
clean_up() {
  [ -z "$reconciler" ] || kill "$reconciler" 2>/dev/null || true
  [ -z "$manager" ] || (cd "$world" && "$cube" down --manager "unix:$world/manager.sock" >/dev/null) || true
  [ -z "$worker" ] || kill "$worker" "$manager" 2>/dev/null || true
  wait
  rm -rf "$results" ${world:+"$world"}
}
trap clean_up EXIT

manifest() { # number version
  local name suspend=false
  printf -v name 'w-%05d' "$1"
  [ "$1" -lt "$running" ] || suspend=true
  printf '{"name": "%s", "suspend": %s, "env": {"VERSION": "%s"}, "command": ["sleep", "1000000"]}\n' "$name" $suspend "$2"
}
until_so() {
  local limit=$((SECONDS + 900))
  until "$@" 2>/dev/null; do [ $SECONDS -lt $limit ] || { echo "scale.sh: timed out: $*" >&2; exit 1; }; sleep 0.2; done
}
lines() { [ ! -e "$1" ] && echo 0 || wc -l <"$1"; }
says() { grep -qs "\"$2\" : \"\?$3" "$world/.cube/status/$1.json"; }
is_converged() { says summary sync Synced && says summary health Healthy && ! says summary reason not_converged; }
is_edited() { says workloads/w-00000 attempt 1 && says workloads/w-00000 health Healthy; }
are_edited() {
  for number in 2 3 4 5 6 7 8 9 10 11; do
    says "workloads/$(printf 'w-%05d' $number)" attempt 1 && says "workloads/$(printf 'w-%05d' $number)" health Healthy || return 1
  done
}
is_deleted() { ! [ -e "$world/.cube/status/workloads/w-00001.json" ]; }
rescans() { grep -c 'newfstatat(.*"w-00002.json"' "$world/reconciler.trace"; }
is_rescanned() { [ "$(rescans)" -gt "$1" ]; }

# Starts a program under strace as its parent, because attaching to running programs is not permitted everywhere.
traced() { # name arguments...
  local name=$1; shift
  rm -f "$name.trace"
  strace --follow-forks --string-limit=64 --output "$name.trace" "$cube" "$@" 2>>"$name.log" &
  tracer=$!
  until_so test -s "$name.trace"
  read -r pid _ <"$name.trace"
}

# Counts the system calls after a line of a trace. A call that strace split into two lines counts once. Memory calls do
# not count, because they depend on sizes and on the allocator.
calls() { # name line
  tail -n "+$(($2 + 1))" "$1.trace" | awk '
    /[ .]write(\(| resumed>).* = [0-9]+$/ { bytes += $NF }
    / resumed>|\+\+\+|---| (mprotect|mmap|munmap|madvise|brk)\(/ { next }
    { calls++ }
    /openat2\(.*"w-[0-9]*\.json".*O_NONBLOCK/ { read++ }
    /newfstatat\(.*"w-[0-9]*\.json"/ { looked++ }
    / getdents64\(/ { listed++ }
    / rename\(/ { written++ }
    / write\([0-9]+, "(GET|PUT|POST|DELETE) \// { asked++ }
    END { print calls - listed, read + 0, looked + 0, listed + 0, written + 0, int(bytes / 1024), asked + 0 }'
}
row() { printf '   %-8s %9s %9s %9s %9s %9s %9s %9s %9s\n' "$@"; }
step() { # name command...
  local name=$1 before managed; shift
  before=$(lines reconciler.trace) managed=$(lines manager.trace)
  "$@"
  sleep 3 # Delayed effects count too.
  record "$name" $(calls reconciler "$before") "$(calls manager "$managed" | cut -d ' ' -f 1)"
}
once() { # name arguments...
  local name=$1; shift
  traced "$name" "$@" >"$name.out"
  wait "$tracer"
  record "$name" $(calls "$name" 0) 0
}
record() { # step calls read looked listed written KiB asked managed
  row "$@"
  echo "$@" >>"$results/$count"
}

start() { traced reconciler reconcile --manager "unix:$world/manager.sock"; reconciler=$pid reconciling=$tracer; until_so is_converged; }
stop() { kill "$reconciler"; wait "$reconciling" || true; reconciler=; rm reconciler.trace; }
rescan() { local seen; seen=$(rescans); until_so is_rescanned "$seen"; }
change() { manifest "$1" 2 >manifests/.new && mv manifests/.new "manifests/$(printf 'w-%05d' "$1").json"; }
edit() { change 0; until_so is_edited; }
edit_ten() { for number in 2 3 4 5 6 7 8 9 10 11; do change $number; done; until_so are_edited; }
delete() { rm manifests/w-00001.json; until_so is_deleted; }

for count in "$few" "$many"; do
  world=$(mktemp -d /tmp/cube-scale.XXXXXX)
  cd "$world"
  mkdir manifests
  for ((i = 0; i < count; i++)); do
    printf -v file 'manifests/w-%05d.json' "$i"
    manifest "$i" 1 >"$file"
  done
  traced manager manager --listen "unix:$world/manager.sock"; manager=$pid
  until_so test -S manager.sock
  "$cube" worker --name w1 --join "unix:$world/manager.sock" --listen "unix:$world/worker.sock" 2>worker.log & worker=$!

  echo "== $count manifests, $running running"
  row step calls read looked listed written KiB asked managed
  step start start
  sleep 12          # Until the running tasks count as proven.
  step rescan rescan # The next one is a minute away.
  step idle sleep 10
  step edit edit
  step ten edit_ten
  step delete delete
  peak=$(awk '/VmHWM/ { print $2 }' "/proc/$reconciler/status" "/proc/$manager/status" "/proc/$worker/status" | xargs)
  stop
  rm .cube/status/summary.json
  step restart start
  stop
  once status status
  once down down --manager "unix:$world/manager.sock"
  echo "   peak memory in KiB of reconciler, manager and worker: $peak"
  kill "$worker" "$manager"; wait; worker= manager=
  cd /; rm -rf "$world"
done

# If a cost may grow, it may grow to twice the ratio of the manifest counts, for example because a slow start includes a
# rescan. Other costs may grow by half.
paste -d ' ' "$results/$few" "$results/$many" | awk -v times="$((many / few))" '
  BEGIN {
    columns = split("step calls read looked listed written KiB asked managed", what)
    grows["start"] = " calls read looked listed written KiB asked managed "
    grows["rescan"] = " calls looked listed "
    grows["delete"] = " listed "
    grows["restart"] = " calls read looked listed KiB asked managed "
    grows["status"] = " calls listed KiB "
  }
  {
    for (i = 2; i <= columns; i++) {
      limit = index(grows[$1], " " what[i] " ") ? $i * times * 2 + 5 : $i * 1.5 + 5
      if ($(i + columns) <= limit) continue
      printf "%s: %s grew from %d to %d, above the limit of %d\n", $1, what[i], $i, $(i + columns), limit
      bad = 1
    }
  }
  END { exit bad }' || { echo "FAILED"; exit 1; }
echo "PASSED: every cost is within its limit"
