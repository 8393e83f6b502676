import CubeCore
import CubeErrors
import CubeLinux
import CubeSystem
import CubeTypes
import Glibc
import SystemPackage

/// The directory of one run, which the worker and the supervisor share.
///
/// - `launch` describes what to run. The supervisor holds a record lock on this file as long as it lives.
/// - `outcome` holds the result. It is created exclusively, before anything is started: a run with an outcome is never
///   started again. To prevent a run from ever starting, the worker creates an outcome, too.
/// - `lease` is the time until which the program of an exclusive task may run. The worker overwrites it in place to renew it.
/// - `stop` asks the supervisor to end the run, and `policy` replaces the stop policy of `launch`.
/// - `record.json` is a copy of the task's record, which only the worker uses.
///
/// The files are versioned because a supervisor outlives the worker that started it. Each file consists of the name of
/// its format, `key=value` fields and `end`, all NUL-terminated. `outcome` begins with its checksum and has its full
/// size from the start.
///
/// Only the exit that the supervisor writes needs to survive a loss of power. Nothing else matters then, because no process
/// survives it.
///
/// The states that a worker finds, whenever its predecessor was killed:
///
/// | `outcome` | lock | meaning |
/// |---|---|---|
/// | missing | free | The run was never started. A supervisor that starts now finds the lock or an `outcome`, and exits. |
/// | missing | held | A supervisor is starting the run. |
/// | unfinished | held | The run is alive. |
/// | unfinished | free | The supervisor died: it takes the lock before it creates the outcome. |
/// | finished | any | The run ended. While the lock is held, its remaining processes are being killed. |
struct RunDirectory: Sendable {
    let path: String

    private static let outcomeSize = 512
    /// The number of bytes of a message that fit into an outcome.
    static let messageBytes = 360

    // MARK: Written by the worker

    struct Launch {
        var arguments: [String]
        /// The program as the manifest names it, for messages: the expanded argument may contain a secret variable.
        var program: String
        var environment: [String]
        var workingDirectory: String
        var user: TaskUser?
        var forbidsNewPrivileges: Bool
        /// The maximum number of open files; `nil` for that of the worker.
        var openFiles: Int?
        var enforcement = Enforcement()
        var logs: String
        var logBytes = TaskLog.fileBytes
        var stop: StopPolicy
        /// Whether the program may run only under a lease. A supervisor that knows no leases cannot read such a file, and starts
        /// nothing.
        var isLeased = false
        /// The time after which the program is killed; `nil` for no limit.
        var timeout: Duration?
        /// The wiring of a command beside the program; `nil` for any other program.
        var exec: ExecRequest?
        /// The directory of the run that such a command accompanies, with whose lease it ends.
        var run: String?

        /// The content of the file for the supervisor.
        var bytes: [UInt8] {
            var fields = [
                isLeased ? "cube-launch/2" : "cube-launch/1", "directory=\(workingDirectory)", "logs=\(logs)",
                "log_bytes=\(logBytes)",
                "log_files=\(TaskLog.files)", "program=\(program)",
            ]
            if forbidsNewPrivileges { fields.append("no_new_privileges=1") }
            if let openFiles { fields.append("open_files=\(openFiles)") }
            fields += enforcement.groups.map { "cgroup=\($0)" } + enforcement.limits.map { "enforced=\($0)" }
            if let timeout { fields.append("timeout=\(timeout.milliseconds)") }
            if let run { fields.append("run=\(run)") }
            if let exec {
                fields += ["tty=\(exec.tty ? 1 : 0)", "interactive=\(exec.interactive ? 1 : 0)"]
                fields += ["columns=\(exec.size?.columns ?? 80)", "rows=\(exec.size?.rows ?? 24)"]
            }
            if let user {
                fields += ["user=\(user.id)", "group=\(user.group)"]
                fields += user.groups.map { "supplementary_group=\($0)" }
            }
            fields += RunDirectory.fields(of: stop)
            fields += arguments.map { "argument=\($0)" } + environment.map { "environment=\($0)" }
            return RunDirectory.bytes(fields)
        }
    }

    /// The limits that control groups enforce for a run.
    struct Enforcement: Hashable {
        /// The directories of the control groups of the run.
        var groups: [String] = []
        /// The names of the limits, such as `limits.memory`.
        var limits: [String] = []
    }

    /// Returns the limits that control groups enforce for the run, from `launch`; none if that file was removed.
    func enforcement() throws -> Enforcement {
        var found = Enforcement()
        for field in try LocalFiles.read("\(path)/launch")?.split(separator: 0) ?? [] {
            if field.starts(with: "cgroup=".utf8) {
                found.groups.append(String(decoding: field.dropFirst(7), as: UTF8.self))
            } else if field.starts(with: "enforced=".utf8) {
                found.limits.append(String(decoding: field.dropFirst(9), as: UTF8.self))
            }
        }
        return found
    }

    /// Writes `launch`, unless an earlier worker did. The file must never be replaced, because the supervisor's lock is
    /// on the very file that it opened.
    func write(_ launch: Launch) throws {
        guard access("\(path)/launch", F_OK) != 0 else { return }
        try LocalFiles.write(launch.bytes, to: "launch", in: path, durably: false)
    }

    /// Writes the stop policy for a stop that is requested now.
    func write(order policy: StopPolicy) throws { try write(policy, to: "stop") }

    /// Writes the stop policy that applies from now on when the program exits on its own.
    func write(policy: StopPolicy) throws { try write(policy, to: "policy") }

    private func write(_ policy: StopPolicy, to name: String) throws {
        try LocalFiles.write(
            Self.bytes(["cube-stop/1"] + Self.fields(of: policy)), to: name, in: path, durably: false)
    }

    /// Creates an outcome, so that the run is never started. An existing outcome stays, because the run was started then.
    ///
    /// - Parameters:
    ///   - failure: the reason why the run cannot be started; `nil` if it is no longer wanted.
    ///   - reserve: the disk reserve, which is used if the disk is full.
    func abandon(_ failure: String?, reserve: DiskReserve) throws {
        // A message that is too long would change the size of the outcome, which would then count as torn.
        let words =
            failure.map { ["state=failed", "message=" + $0.shortened(to: Self.messageBytes)] } ?? ["state=abandoned"]
        let bytes = Self.sealed(Self.bytes(["cube-outcome/1", "swept=1"] + words))
        do {
            let file = try WritableFile(FilePath("\(path)/outcome"), .new)
            do {
                try file.write(bytes)
                try file.close()
            } catch {
                // A partial outcome would mean that the run was started and lost.
                try LocalFiles.remove("\(path)/outcome")
                throw error
            }
        } catch let error as FileError where error.errno == .fileExists {
        } catch let error as FileError where error.isFullDisk {
            try reserve.create(bytes, name: "outcome", in: path)
        }
    }

    // MARK: The lease

    /// Writes the time of the boot-time clock until which the program may run. Overwriting it needs no space on the disk.
    func write(lease end: Duration) throws {
        let time = String(end.milliseconds)
        let digits = String(repeating: "0", count: max(16 - time.count, 0)) + time
        let file = try FileDescriptor.open(
            FilePath("\(path)/lease"), .writeOnly, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
        try file.closeAfter {
            let bytes = Self.bytes(["cube-lease/1", "until=\(digits)", "again=\(digits)"])
            guard try file.writeAll(toAbsoluteOffset: 0, bytes) == bytes.count else { throw Errno.ioError }
        }
    }

    /// Returns the time until which the program may run; `nil` if it has no lease.
    func lease() throws -> Duration? {
        guard let bytes = try LocalFiles.read("\(path)/lease") else { return nil }
        let fields = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        let times = fields.compactMap { field in
            ["until=", "again="].first { field.hasPrefix($0) }.flatMap { Int64(field.dropFirst($0.count)) }
        }
        // A lease that cannot be read has ended.
        guard times.count == 2, times[0] == times[1] else { return .zero }
        return .milliseconds(times[0])
    }

    func removeLease() throws { try LocalFiles.remove("\(path)/lease") }

    private static func fields(of policy: StopPolicy) -> [String] {
        ["signal=\(StopPolicy.signals[policy.signal] ?? SIGTERM)", "grace=\(max(policy.grace.milliseconds, 0))"]
    }

    private static func bytes(_ fields: [String]) -> [UInt8] {
        (fields + ["end"]).flatMap { Array($0.utf8) + [0] }
    }

    // MARK: Written by the supervisor

    struct Outcome {
        enum State: String {
            case starting, failed, running, exited, abandoned
        }

        var state: State
        var program: pid_t
        var startTicks: Int
        var began: Timestamp
        var lasted: Duration
        var result: TaskResult
        var unasked: Bool
        /// Whether the program was killed, or not started, because its lease had ended.
        var isLeaseLost: Bool
        /// Whether the supervisor ends the program when its lease ends.
        var knowsLeases: Bool
        var swept: Bool
        var message: String

        /// The time at which the program started, as the kernel recorded it.
        func beginning(boot: String) -> DurableInstant {
            DurableInstant(
                boot: boot, uptime: .milliseconds(startTicks * 1000 / max(sysconf(Int32(_SC_CLK_TCK)), 1)), wall: began)
        }
    }

    /// Whether the run is alive, or could still be started by a supervisor or by its worker.
    var isUndecided: Bool {
        guard hasLaunch else { return false }
        // An outcome that cannot be read does not prove that the run has ended.
        guard let outcome = try? outcome() else { return true }
        return outcome.state == .starting || outcome.state == .running
    }

    var hasLaunch: Bool { access("\(path)/launch", F_OK) == 0 }

    /// The path of the copy of the task's record, written when the run was started.
    var copy: String { "\(path)/record.json" }

    /// Removes `launch`, because it contains the values of the environment. The run must have ended.
    func removeLaunch() throws { try LocalFiles.remove("\(path)/launch") }

    /// Whether an outcome exists, even a torn one.
    var hasOutcome: Bool { access("\(path)/outcome", F_OK) == 0 }

    /// Reads the outcome.
    ///
    /// - Returns: `nil` if the outcome does not exist or is torn.
    func outcome() throws -> Outcome? {
        guard let bytes = try LocalFiles.read("\(path)/outcome"), bytes.count == Self.outcomeSize else {
            return nil
        }
        let body = Array(bytes.dropFirst(16))
        guard bytes == Self.sealed(body) else { return nil }
        let fields = body.split(separator: 0)
        guard fields.first?.elementsEqual("cube-outcome/1".utf8) == true else { return nil }
        var values: [String: String] = [:]
        for field in fields {
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        func number(_ key: String) -> Int? { values[key].flatMap { Int($0) } }
        guard let state = values["state"].flatMap(Outcome.State.init(rawValue:)) else { return nil }
        return Outcome(
            state: state, program: pid_t(number("program") ?? 0), startTicks: number("start_ticks") ?? 0,
            began: Timestamp(milliseconds: Int64(number("began") ?? 0)),
            lasted: .milliseconds(number("lasted") ?? 0),
            result: TaskResult(
                code: number("code"), signal: number("signal"), oom: number("oom") == 1,
                at: Timestamp(milliseconds: Int64(number("ended") ?? 0))),
            unasked: number("unasked") == 1, isLeaseLost: number("lease_lost") == 1,
            knowsLeases: number("leases") == 1, swept: number("swept") == 1, message: values["message"] ?? "")
    }

    /// Returns the body, padded with zeros, after its checksum (FNV-1a, 64 bits).
    private static func sealed(_ body: [UInt8]) -> [UInt8] {
        let body = body + Array(repeating: 0, count: max(outcomeSize - 16 - body.count, 0))
        let digits = String(FNV1a.hash(body), radix: 16)
        return Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8) + body
    }

    /// Returns a handle of the supervisor of the run; `nil` if the run has no living supervisor.
    ///
    /// The holder of the lock is looked up before and after the handle is opened. Otherwise, the handle might refer to
    /// an unrelated process that reuses the ID.
    func supervisor() throws -> ProcessDescriptor? { try holder(of: "launch") }

    /// Returns a handle of the watchdog that kills the container of the run when its lease ends; `nil` if there is none.
    func watchdog() throws -> ProcessDescriptor? { try holder(of: "watchdog") }

    private func holder(of file: String) throws -> ProcessDescriptor? {
        while let holder = try lockHolder(file) {
            guard let descriptor = try ProcessDescriptor(holder) else { continue }
            if try lockHolder(file) == holder { return descriptor }
        }
        return nil
    }

    private func lockHolder(_ file: String) throws -> pid_t? {
        let descriptor: FileDescriptor
        do {
            descriptor = try .open(FilePath("\(path)/\(file)"), .readOnly, options: [.closeOnExec])
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        return try descriptor.closeAfter {
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            guard fcntl(descriptor.rawValue, F_GETLK, &lock) == 0 else { throw Errno(rawValue: errno) }
            if lock.l_type == Int16(F_UNLCK) { return nil }
            // The kernel reports no positive ID for a process outside of this PID namespace.
            guard lock.l_pid > 0 else {
                throw APIError(.internal, "\(path)/\(file): locked by a process of another machine or container")
            }
            return lock.l_pid
        }
    }
}
