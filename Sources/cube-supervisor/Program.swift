import CubeLinux
import Glibc

/// The started program, and all that it starts.
struct Program {
    let id: pid_t
    /// What it writes to its standard output and error.
    let output: Int32

    /// Why it could not be started: which step failed, and with which `errno`.
    struct StartFailure: Error {
        let step: Step
        let error: Int32

        enum Step: Int32 {
            case prepare, directory, user, execute
        }

        func text(of launch: Launch) -> String {
            let thing =
                switch step {
                case .prepare: "cannot prepare the program"
                case .directory: "working_dir \(launch.workingDirectory)"
                case .user: "cannot become the user"
                case .execute: "cannot execute \(String(cString: launch.arguments[0]!))"
                }
            return "\(thing): \(String(cString: strerror(error)))"
        }
    }

    /// Starts it in a session and process group of its own. It ends when this process does.
    static func start(_ launch: Launch) throws(StartFailure) -> Program {
        var report: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        guard cube_pipe(&report, 0) == 0, cube_pipe(&output, 0) == 0, cube_become_subreaper() == 0 else {
            throw StartFailure(step: .prepare, error: errno)
        }
        let supervisor = getpid()
        let id = cube_fork()
        if id == 0 {
            let failure = become(launch, output: output[1], supervisor: supervisor)
            var words = [failure.step.rawValue, failure.error]
            write(report[1], &words, 8)
            _exit(127)
        }
        let forkError = errno
        close(report[1])
        close(output[1])
        guard id > 0 else { throw StartFailure(step: .prepare, error: forkError) }

        // The pipe closes on exec: no words mean that the program runs.
        var words: [Int32] = [0, 0]
        let count = read(report[0], &words, 8)
        close(report[0])
        if count == 8, let step = StartFailure.Step(rawValue: words[0]) {
            waitpid(id, nil, 0)
            throw StartFailure(step: step, error: words[1])
        }
        _ = fcntl(output[0], F_SETFL, O_NONBLOCK)
        return Program(id: id, output: output[0])
    }

    /// Turns this process into the program; answers only where that fails.
    private static func become(_ launch: Launch, output: Int32, supervisor: pid_t) -> StartFailure {
        setsid()
        for number in 1...64 { signal(Int32(number), SIG_DFL) }
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        umask(0o022)

        let input = open("/dev/null", O_RDONLY)
        guard input >= 0, dup2(input, 0) == 0, dup2(output, 1) == 1, dup2(output, 2) == 2 else {
            return StartFailure(step: .prepare, error: errno)
        }
        // Before the change of user, who may not be allowed to walk the path to the task's own directory.
        guard chdir(launch.workingDirectory) == 0 else { return StartFailure(step: .directory, error: errno) }
        if let user = launch.user {
            guard setgroups(user.groups.count, user.groups) == 0, setgid(user.group) == 0, setuid(user.id) == 0 else {
                return StartFailure(step: .user, error: errno)
            }
        }
        // After the change of user, which clears it; and the supervisor may have ended before.
        cube_set_parent_death_signal(SIGKILL)
        guard getppid() == supervisor else { return StartFailure(step: .prepare, error: ESRCH) }

        // `execvp` looks for the program on the `PATH` of its own environment, which is the task's from here on.
        clearenv()
        for variable in launch.environment { putenv(variable) }
        execvp(launch.arguments[0]!, launch.arguments)
        return StartFailure(step: .execute, error: errno)
    }

    /// Sends a signal to the program's process group; its leader must not have been waited for.
    func signalGroup(_ signal: Int32) { kill(-id, signal) }

    /// Its start, in clock ticks since the start of the machine.
    var startTicks: Int { ProcessEntry(id)?.startTicks ?? 0 }

    /// Kills all children of this process. As it is a subreaper, whatever a killed one leaves behind becomes a child too,
    /// whichever group and session it went to: repeated until there is none, this reaches everything.
    static func killChildren() {
        guard let processes = opendir("/proc") else { return }
        defer { closedir(processes) }
        while let entry = readdir(processes) {
            if let id = pid_t(entryName(entry)), ProcessEntry(id)?.parent == getpid() { kill(id, SIGKILL) }
        }
    }
}

/// What `/proc` says of a process.
struct ProcessEntry {
    let parent: pid_t
    let startTicks: Int

    init?(_ id: pid_t) {
        let descriptor = open("/proc/\(id)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &bytes, bytes.count)
        // The name stands in parentheses and may hold anything; what follows the last one is numbers.
        guard count > 0, let close = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let numbers = bytes[(close + 1)..<count].split(separator: UInt8(ascii: " "))
        guard numbers.count > 19, let parent = pid_t(String(decoding: numbers[1], as: UTF8.self)),
            let startTicks = Int(String(decoding: numbers[19], as: UTF8.self))
        else { return nil }
        self.parent = parent
        self.startTicks = startTicks
    }
}
