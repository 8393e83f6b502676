// cube-supervisor RUN_DIRECTORY
//
// Supervises one run of one task, and outlives the worker that started it. The directory contains the file `launch`,
// which describes the program to run. The supervisor holds a record lock on that file for as long as it lives, so that
// any process can find out from the kernel whether the run has a supervisor, and which process it is. The result of the
// run is recorded in `outcome`.
//
// If the supervisor cannot start, it writes the reason to standard error. As soon as the program is started, it closes
// standard error.
//
// cube-supervisor check TASK_ID
//
// Runs one health check of a task, which standard input describes in the format of `launch`. Writes the result to
// standard error: `passed`, or the reason why it did not pass. Does not change any file of the task.
//
// cube-supervisor exec TASK_ID
//
// Runs a command beside the program of a task, which standard input describes in the format of `launch`. Standard output is a
// socket to the worker, through which the input and the output of the command pass. When the worker closes it or ends, the command
// is ended. Does not change any file of the task.
//
// cube-supervisor watch RUN_DIRECTORY CONTAINER_ID
//
// Kills a container when the lease in the file `lease` has ended. Holds a record lock on the file `watchdog` for as long as it lives,
// and closes standard error when it watches. Ends when it gets SIGTERM, or when it has killed the container.

import CubeLinux
import Glibc

func fail(_ message: String) -> Never {
    _ = message.withCString { write(2, $0, strlen($0)) }
    exit(1)
}

/// Opens a descriptor for the signals that a supervisor waits for: SIGTERM, which requests a stop, SIGHUP, which says that the lease
/// of the run changed, and SIGCHLD.
func openSignals() -> Int32 {
    var waitedFor = sigset_t()
    sigemptyset(&waitedFor)
    sigaddset(&waitedFor, SIGTERM)
    sigaddset(&waitedFor, SIGHUP)
    sigaddset(&waitedFor, SIGCHLD)
    return signalfd(-1, &waitedFor, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
}

/// Restores the limit of open files with which the worker was started, because the worker raises its own limit.
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
    guard let launch = Launch(file: 0) else { fail("the check has an unknown format") }
    fail(CheckRun.verdict(of: launch))
}
if CommandLine.argc == 3, CommandLine.arguments[1] == "exec" {
    guard let launch = Launch(file: 0) else { fail("the command has an unknown format") }
    ExecRun.run(launch, connection: 1)
    exit(0)
}
let isWatchdog = CommandLine.argc == 4 && CommandLine.arguments[1] == "watch"
guard isWatchdog || CommandLine.argc == 2 else { fail("usage: cube-supervisor RUN_DIRECTORY") }
let path = CommandLine.arguments[isWatchdog ? 2 : 1]
let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/// Takes the lock of a file, before anything else: a second supervisor must not touch anything.
func takeLock(_ file: String, creating: Int32 = 0, waiting: Bool = false) -> Int32 {
    let descriptor = openat(directory, file, O_RDWR | O_CLOEXEC | creating, 0o600)
    guard descriptor >= 0 else { fail("\(path)/\(file): \(String(cString: strerror(errno)))") }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    guard fcntl(descriptor, waiting ? F_SETLKW : F_SETLK, &lock) == 0 else {
        fail("\(path): another supervisor holds this run")
    }
    return descriptor
}

/// Closes standard error, a pipe to the worker, which waits until this end is closed.
func closeErrors() {
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    dup2(null, 2)
}

if isWatchdog {
    // A predecessor that has been told to end may hold it for a moment.
    _ = takeLock("watchdog", creating: O_CREAT, waiting: true)
    var watchdog = ContainerWatchdog(in: directory, id: CommandLine.arguments[3])
    if watchdog.isTooLate() { fail("the lease of the worker ended before the task was started") }
    chdir("/")
    closeErrors()
    watchdog.run()
    exit(0)
}

let launchFile = takeLock("launch")
guard let launch = Launch(file: launchFile) else { fail("\(path)/launch has an unknown format") }
guard var outcome = Outcome(in: directory) else { fail("\(path)/outcome: \(String(cString: strerror(errno)))") }
chdir("/")

let signals = openSignals()
let logs = LogFiles(launch.logs, limit: launch.logBytes, keep: launch.logFiles)

func giveUp(_ message: String) -> Never {
    outcome.state = .failed
    outcome.message = message
    outcome.ended = milliseconds(CLOCK_REALTIME)
    outcome.swept = true
    outcome.write()
    outcome.synchronize()
    exit(0)
}

if launch.isLeased {
    // Checked as late as possible. A program that is killed an instant after its start would be as correct, but would start.
    var lease = LeaseWatch(in: directory)
    if lease.end == nil || lease.hasEnded() {
        outcome.isLeaseLost = true
        giveUp("the lease of the worker ended before the task was started")
    }
}

let program: Program
do throws(Program.StartFailure) {
    program = try Program.start(launch)
} catch {
    giveUp(error.text(of: launch))
}
outcome.state = .running
outcome.program = program.id
outcome.startTicks = program.startTicks
outcome.began = milliseconds(CLOCK_REALTIME)
outcome.write()

closeErrors()

var supervisor = Supervisor(
    directory: directory, program: program, signals: signals, launch: launch, logs: logs, outcome: outcome)
supervisor.run()
