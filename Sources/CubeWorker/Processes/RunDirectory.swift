import CubeCore
import CubeErrors
import CubeLinux
import CubeTypes
import Glibc
import SystemPackage

/// The directory of one run, which worker and supervisor share.
///
/// - `launch` says what to run. The supervisor holds a record lock on it while it lives.
/// - `outcome` says what became of it. It is made exclusively, before anything is started: a run that has one is never
///   started again. Whoever wants it never to be started makes one too.
/// - `stop` says how to end it, and `policy` what counts in the place of what `launch` says of that.
/// - `record.json` is a copy of the task's record, for the worker alone.
///
/// They are versioned, as a supervisor outlives the worker that started it. Each is the name of its format, then
/// `key=value`, then `end`, all ended by a NUL; `outcome` has its checksum in front and its full size from the start.
///
/// None of them needs to survive a loss of power, except the exit that the supervisor writes: no process does.
///
/// What a worker finds, whenever its predecessor was killed:
///
/// | `outcome` | lock | |
/// |---|---|---|
/// | no | free | Never started. A supervisor that is still on its way will find the lock, or an `outcome`, and leave. |
/// | no | held | A supervisor is starting it. |
/// | unfinished | held | It runs. |
/// | unfinished | free | The supervisor was lost: the lock is taken before the outcome is made. |
/// | finished | any | It ended; while the lock is held, remains of it are being killed. |
struct RunDirectory: Sendable {
    let path: String

    private static let outcomeSize = 512
    /// So much of a message fits into an outcome.
    static let messageBytes = 360

    // MARK: Written by the worker

    struct Launch {
        var arguments: [String]
        /// The program as the manifest names it, for messages: its argument may hold the value of a variable.
        var program: String
        var environment: [String]
        var workingDirectory: String
        var user: TaskUser?
        var forbidsNewPrivileges: Bool
        var logs: String
        var logBytes = TaskLog.fileBytes
        var stop: StopPolicy
        /// When it is killed, for what may not run for ever.
        var timeout: Duration?

        /// As the supervisor reads it.
        var bytes: [UInt8] {
            var fields = [
                "cube-launch/1", "directory=\(workingDirectory)", "logs=\(logs)", "log_bytes=\(logBytes)",
                "log_files=\(TaskLog.files)", "program=\(program)",
            ]
            if forbidsNewPrivileges { fields.append("no_new_privileges=1") }
            if let timeout { fields.append("timeout=\(timeout.milliseconds)") }
            if let user {
                fields += ["user=\(user.id)", "group=\(user.group)"]
                fields += user.groups.map { "supplementary_group=\($0)" }
            }
            fields += RunDirectory.fields(of: stop)
            fields += arguments.map { "argument=\($0)" } + environment.map { "environment=\($0)" }
            return RunDirectory.bytes(fields)
        }
    }

    /// Writes what to run, unless an earlier worker did: the lock is on the very file that a supervisor opened, so there must
    /// never be another one of that name.
    func write(_ launch: Launch) throws {
        guard access("\(path)/launch", F_OK) != 0 else { return }
        try LocalFiles.write(launch.bytes, to: "launch", in: path, durably: false)
    }

    /// Says how to end it now.
    func write(order policy: StopPolicy) throws { try write(policy, to: "stop") }

    /// Says how to end it from now on, where it ends by itself.
    func write(policy: StopPolicy) throws { try write(policy, to: "policy") }

    private func write(_ policy: StopPolicy, to name: String) throws {
        try LocalFiles.write(
            Self.bytes(["cube-stop/1"] + Self.fields(of: policy)), to: name, in: path, durably: false)
    }

    /// Makes an outcome, so that the run is never started. One that is there already, as it was started, stays.
    ///
    /// - Parameters:
    ///   - failure: why it cannot be started; `nil` where nobody wants it to be.
    ///   - reserve: what it is written to where the disk is full.
    func abandon(_ failure: String?, reserve: DiskReserve) throws {
        // What does not fit makes the whole outcome one of an unknown size, which counts as torn.
        let words =
            failure.map { ["state=failed", "message=" + $0.shortened(to: Self.messageBytes)] } ?? ["state=abandoned"]
        let bytes = Self.sealed(Self.bytes(["cube-outcome/1", "swept=1"] + words))
        do {
            let descriptor = try FileDescriptor.open(
                "\(path)/outcome", .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            do {
                try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
            } catch {
                // One that is not whole would tell of a run that was lost.
                try LocalFiles.remove("\(path)/outcome")
                throw error
            }
        } catch Errno.fileExists {
        } catch let error as Errno where error.isFullDisk {
            try reserve.create(bytes, name: "outcome", in: path)
        }
    }

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
        var swept: Bool
        var message: String

        /// When its program began, as the kernel counts it.
        func beginning(boot: String) -> DurableInstant {
            DurableInstant(
                boot: boot, uptime: .milliseconds(startTicks * 1000 / max(sysconf(Int32(_SC_CLK_TCK)), 1)), wall: began)
        }
    }

    var hasLaunch: Bool { access("\(path)/launch", F_OK) == 0 }

    /// A copy of the task's record, as it was when the run was started.
    var copy: String { "\(path)/record.json" }

    /// Removes what says how the program was run: the values of its environment are in it. The run must have ended.
    func removeLaunch() throws { try LocalFiles.remove("\(path)/launch") }

    /// Whether there is one, whole or not.
    var hasOutcome: Bool { access("\(path)/outcome", F_OK) == 0 }

    /// - Returns: `nil` where there is none, or where it is torn.
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
                code: number("code"), signal: number("signal"),
                at: Timestamp(milliseconds: Int64(number("ended") ?? 0))),
            unasked: number("unasked") == 1, swept: number("swept") == 1, message: values["message"] ?? "")
    }

    /// The body with its checksum (FNV-1a, 64 bits) in front, filled up with zeros.
    private static func sealed(_ body: [UInt8]) -> [UInt8] {
        let body = body + Array(repeating: 0, count: max(outcomeSize - 16 - body.count, 0))
        let sum = body.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(sum, radix: 16)
        return Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8) + body
    }

    /// The process that watches over the run, as a descriptor that stays about that process.
    ///
    /// The kernel says who holds the lock, before and after the descriptor is opened: so no process that came by the same
    /// number later is ever meant.
    func supervisor() throws -> ProcessDescriptor? {
        while let holder = try lockHolder() {
            guard let descriptor = try ProcessDescriptor(holder) else { continue }
            if try lockHolder() == holder { return descriptor }
        }
        return nil
    }

    private func lockHolder() throws -> pid_t? {
        let descriptor: FileDescriptor
        do {
            descriptor = try .open("\(path)/launch", .readOnly, options: [.closeOnExec])
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        return try descriptor.closeAfter {
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            guard fcntl(descriptor.rawValue, F_GETLK, &lock) == 0 else { throw Errno(rawValue: errno) }
            if lock.l_type == Int16(F_UNLCK) { return nil }
            // The number of a process that this one cannot see is no positive one.
            guard lock.l_pid > 0 else {
                throw APIError(.internal, "\(path)/launch: locked by a process of another machine or container")
            }
            return lock.l_pid
        }
    }
}
