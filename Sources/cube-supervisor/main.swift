// cube-supervisor RUN_DIRECTORY
//
// Watches over one run of one task, and outlives the worker that started it. The directory holds the file `launch`, which
// says what to run. The supervisor holds a record lock on it for as long as it lives, so that the kernel tells everyone
// whether the run has a supervisor and which process that is. What became of the run stands in `outcome`.
//
// It tells on its standard error why there is nothing to watch over, and closes it once there is.

import CubeLinux
import Glibc

func fail(_ message: String) -> Never {
    _ = message.withCString { write(2, $0, strlen($0)) }
    exit(1)
}

_ = cube_close_from(3)
var all = sigset_t()
sigfillset(&all)
sigprocmask(SIG_SETMASK, &all, nil)
setsid()
umask(0o077)

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

var waitedFor = sigset_t()
sigemptyset(&waitedFor)
sigaddset(&waitedFor, SIGTERM)
sigaddset(&waitedFor, SIGCHLD)
let signals = signalfd(-1, &waitedFor, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
let logs = LogFiles(launch.logs, limit: launch.logBytes, keep: launch.logFiles)

let program: Program
do throws(Program.StartFailure) {
    program = try Program.start(launch)
} catch {
    let thing =
        switch error.step {
        case .prepare: "cannot prepare the program"
        case .directory: "working_dir \(launch.workingDirectory)"
        case .user: "cannot become the user"
        case .execute: "cannot execute \(String(cString: launch.arguments[0]!))"
        }
    outcome.state = .failed
    outcome.message = "\(thing): \(String(cString: strerror(error.error)))"
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
