import CubeLinux
import Glibc

/// The running program.
struct Program {
    let id: pid_t
    /// The read end of the pipe for its standard output and, unless ``errors`` is open, for its standard error; or its terminal.
    let output: Int32
    /// The read end of the pipe for its standard error; -1 if there is none.
    var errors: Int32 = -1
    /// The write end of the pipe for its standard input, or its terminal; -1 if there is none.
    var input: Int32 = -1

    /// Why the program could not be started: the failed step and its `errno`.
    struct StartFailure: Error {
        let step: Step
        let error: Int32

        enum Step: Int32 {
            case prepare, directory, user, execute, privileges, terminal, limits
        }

        func text(of launch: Launch) -> String {
            let thing =
                switch step {
                case .prepare: "cannot prepare the program"
                case .directory: "working_dir \(shortened(launch.workingDirectory))"
                case .user: "cannot become the user"
                case .privileges: "cannot forbid new privileges"
                case .terminal: "cannot open a terminal"
                case .limits: "cannot enter the control group that has the limits of the task"
                case .execute: "cannot execute \(launch.programAsWritten.map { shortened($0) } ?? "the program")"
                }
            return "\(thing): \(String(cString: strerror(error)))"
        }
    }

    /// Starts the program in a session and process group of its own. The kernel kills it if this process ends.
    static func start(_ launch: Launch) throws(StartFailure) -> Program {
        var report: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        guard cube_pipe(&report, 0) == 0, cube_pipe(&output, 0) == 0, cube_become_subreaper() == 0 else {
            throw StartFailure(step: .prepare, error: errno)
        }
        give(output[1], to: launch.user)
        let ends = ProgramEnds(input: -1, output: output[1], errors: output[1])
        let id = try start(launch, ends, report: report)
        _ = fcntl(output[0], F_SETFL, O_NONBLOCK)
        return Program(id: id, output: output[0])
    }

    /// Lets a user open a pipe again. Opening `/dev/stdout` reopens the pipe, which requires permission from its owner. If this process
    /// may not change the owner, the task runs as the same user as this process, who already owns the pipe.
    static func give(_ descriptor: Int32, to user: Launch.User?) {
        if let user { _ = fchown(descriptor, user.id, user.group) }
    }

    /// Starts the program with its ends of the streams, which this process closes.
    ///
    /// - Parameter report: a pipe on which the child reports a failure.
    static func start(_ launch: Launch, _ ends: ProgramEnds, report: [Int32]) throws(StartFailure) -> pid_t {
        let supervisor = getpid()
        let id = cube_fork()
        if id == 0 {
            let failure = become(launch, ends, report: report[1], supervisor: supervisor)
            var words = [failure.step.rawValue, failure.error]
            write(report[1], &words, 8)
            _exit(127)
        }
        let forkError = errno
        close(report[1])
        for descriptor in ends.descriptors { close(descriptor) }
        guard id > 0 else { throw StartFailure(step: .prepare, error: forkError) }

        // The pipe closes on exec. If it is empty, the program is running.
        var words: [Int32] = [0, 0]
        let count = read(report[0], &words, 8)
        close(report[0])
        if count == 8, let step = StartFailure.Step(rawValue: words[0]) {
            waitpid(id, nil, 0)
            throw StartFailure(step: step, error: words[1])
        }
        return id
    }

    /// Replaces this process with the program. Returns only if this fails.
    private static func become(
        _ launch: Launch, _ ends: ProgramEnds, report: Int32, supervisor: pid_t
    ) -> StartFailure {
        setsid()
        for number in 1...64 { signal(Int32(number), SIG_DFL) }
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        umask(0o022)

        if ends.isTerminal, cube_take_terminal(ends.input) != 0 {
            return StartFailure(step: .terminal, error: errno)
        }
        let input = ends.input >= 0 ? ends.input : open("/dev/null", O_RDONLY)
        guard input >= 0, dup2(input, 0) == 0, dup2(ends.output, 1) == 1, dup2(ends.errors, 2) == 2 else {
            return StartFailure(step: .prepare, error: errno)
        }
        // Close all other descriptors, including any that lack close-on-exec. `report` closes on exec.
        if report > 3 { _ = cube_close_range(3, UInt32(report - 1)) }
        _ = cube_close_range(UInt32(max(report + 1, 3)), .max)
        // Before the user, who may not move processes.
        for group in launch.controlGroups where !enter(group) { return StartFailure(step: .limits, error: errno) }
        if let count = launch.openFiles, !limitOpenFiles(to: count) {
            return StartFailure(step: .prepare, error: errno)
        }
        // Change the directory before the user, because the user may lack permission to traverse the parent
        // directories.
        guard chdir(launch.workingDirectory) == 0 else { return StartFailure(step: .directory, error: errno) }
        if let user = launch.user {
            guard setgroups(user.groups.count, user.groups) == 0, setgid(user.group) == 0, setuid(user.id) == 0 else {
                return StartFailure(step: .user, error: errno)
            }
        }
        if launch.noNewPrivileges, cube_forbid_new_privileges() != 0 {
            return StartFailure(step: .privileges, error: errno)
        }
        // Set the signal after the change of user, which clears it. The supervisor may have ended before, so check the
        // parent.
        cube_set_parent_death_signal(SIGKILL)
        guard getppid() == supervisor else { return StartFailure(step: .prepare, error: ESRCH) }

        // `execvp` searches the `PATH` of this process, so set the environment of the task first.
        clearenv()
        for variable in launch.environment { putenv(variable) }
        execvp(launch.arguments[0]!, launch.arguments)
        return StartFailure(step: .execute, error: errno)
    }

    /// Moves this process into a control group.
    private static func enter(_ group: String) -> Bool {
        let processes = open("\(group)/cgroup.procs", O_WRONLY | O_CLOEXEC)
        guard processes >= 0 else { return false }
        // 0 means the process that writes it. The descriptor closes on exec.
        return write(processes, "0", 1) == 1
    }

    /// Lowers the limits of open files, or sets the soft limit to the hard limit, which only an administrator may raise.
    private static func limitOpenFiles(to count: Int) -> Bool {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return false }
        limit.rlim_max = min(rlim_t(count), limit.rlim_max)
        limit.rlim_cur = limit.rlim_max
        return setrlimit(resource, &limit) == 0
    }

    /// The start time of the program, in clock ticks since boot.
    var startTicks: Int { ProcessEntry(id)?.startTicks ?? 0 }
}
