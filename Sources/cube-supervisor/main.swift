// cube-supervisor RUN_DIRECTORY
//
// Watches over one run of one task, and outlives the worker that started it. The directory holds the file `launch`, which
// says what to run. The supervisor holds a record lock on it for as long as it lives, so that the kernel tells everyone
// whether the run has a supervisor and which process that is. What became of the run stands in `outcome`.
//
// It tells on its standard error why there is nothing to watch over, and closes it once there is.
//
// cube-supervisor check TASK_ID
//
// Runs one check of a task, which its standard input says in the form of `launch`, and tells on its standard error how it
// came out: `passed`, or why not. No file of the task is touched.

import CubeLinux
import Glibc

func fail(_ message: String) -> Never {
    _ = message.withCString { write(2, $0, strlen($0)) }
    exit(1)
}

/// What a supervisor waits for: an order to end, and the ends of its children.
func openSignals() -> Int32 {
    var waitedFor = sigset_t()
    sigemptyset(&waitedFor)
    sigaddset(&waitedFor, SIGTERM)
    sigaddset(&waitedFor, SIGCHLD)
    return signalfd(-1, &waitedFor, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
}

/// Gives the task the limit of open files that its worker was started with: the worker raises its own.
func restoreOpenFiles() {
    guard let text = getenv("CUBE_OPEN_FILES"), let count = rlim_t(String(cString: text)) else { return }
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = min(count, limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

_ = cube_close_from(3)
var all = sigset_t()
sigfillset(&all)
sigprocmask(SIG_SETMASK, &all, nil)
setsid()
umask(0o077)
restoreOpenFiles()

if CommandLine.argc == 3, CommandLine.arguments[1] == "check" {
    guard let launch = Launch(file: 0) else { fail("the check is not of a known format") }
    fail(Check.verdict(of: launch))
}
guard CommandLine.argc == 2 else { fail("usage: cube-supervisor RUN_DIRECTORY") }
let path = CommandLine.arguments[1]
let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
let launchFile = openat(directory, "launch", O_RDWR | O_CLOEXEC)
guard launchFile >= 0 else { fail("\(path)/launch: \(String(cString: strerror(errno)))") }

// First of all: whoever comes second leaves everything to the first.
var lock = flock()
lock.l_type = Int16(F_WRLCK)
guard fcntl(launchFile, F_SETLK, &lock) == 0 else { fail("\(path): another supervisor holds this run") }
guard let launch = Launch(file: launchFile) else { fail("\(path)/launch: not of a known format") }
guard var outcome = Outcome(in: directory) else { fail("\(path)/outcome: \(String(cString: strerror(errno)))") }
chdir("/")

let signals = openSignals()
let logs = LogFiles(launch.logs, limit: launch.logBytes, keep: launch.logFiles)

let program: Program
do throws(Program.StartFailure) {
    program = try Program.start(launch)
} catch {
    outcome.state = .failed
    outcome.message = error.text(of: launch)
    outcome.ended = milliseconds(CLOCK_REALTIME)
    outcome.swept = true
    outcome.write()
    outcome.synchronize()
    exit(0)
}
outcome.state = .running
outcome.program = program.id
outcome.startTicks = program.startTicks
outcome.began = milliseconds(CLOCK_REALTIME)
outcome.write()

// The worker waits for this end of its pipe to close.
let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
dup2(null, 2)

var supervisor = Supervisor(
    directory: directory, program: program, signals: signals, launchOrder: launch.stop, logs: logs, outcome: outcome)
supervisor.run()
