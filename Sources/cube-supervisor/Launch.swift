import Glibc

/// The program to run and its settings, from the file `launch` that the worker wrote.
struct Launch {
    /// The program and its arguments, terminated by `nil`.
    let arguments: [UnsafeMutablePointer<CChar>?]
    /// The program as written in the manifest, for messages. The argument itself may contain the expanded value of a
    /// variable.
    let programAsWritten: String?
    /// The environment variables, each as `NAME=value`.
    let environment: [UnsafeMutablePointer<CChar>]
    let workingDirectory: String
    let user: User?
    /// Whether to prevent the program and its children from gaining privileges, for example through set-user-ID files.
    let noNewPrivileges: Bool
    /// The maximum number of open files; `nil` for that of this process.
    let openFiles: Int?
    /// The directories of the control groups that the program enters. They have its limits; this process stays outside.
    let controlGroups: [String]
    let logs: String
    let logBytes: Int
    let logFiles: Int
    let stop: StopOrder
    /// Whether the program may run only under a lease; see `RunLease`. The second version of the format says so, which a supervisor
    /// that knows no leases cannot read.
    let isLeased: Bool
    /// The timeout of a health check.
    let timeoutMilliseconds: Int?
    /// Whether a command beside the program of a task has a terminal.
    let hasTerminal: Bool
    /// Whether such a command reads input.
    let isInteractive: Bool
    /// The size of such a terminal.
    let size: winsize
    /// The directory of the run that such a command accompanies, with whose lease it ends; -1 if there is none.
    let run: Int32

    /// A user, by numeric ids. The worker has looked up the names.
    struct User {
        let id: uid_t
        let group: gid_t
        let groups: [gid_t]
    }

    init?(file descriptor: Int32) {
        let plain = Fields(of: descriptor, format: "cube-launch/1")
        guard let fields = plain ?? Fields(of: descriptor, format: "cube-launch/2"),
            let workingDirectory = fields.text("directory"), let logs = fields.text("logs"),
            let stop = StopOrder(fields), !fields.values("argument").isEmpty
        else { return nil }
        arguments = fields.values("argument") + [nil]
        isLeased = plain == nil
        programAsWritten = fields.text("program")
        environment = fields.values("environment")
        noNewPrivileges = fields.number("no_new_privileges") == 1
        openFiles = fields.number("open_files")
        controlGroups = fields.values("cgroup").map { String(cString: $0) }
        self.workingDirectory = workingDirectory
        self.logs = logs
        logBytes = fields.number("log_bytes") ?? 10 << 20
        logFiles = fields.number("log_files") ?? 3
        self.stop = stop
        timeoutMilliseconds = fields.number("timeout")
        hasTerminal = fields.number("tty") == 1
        isInteractive = fields.number("interactive") == 1
        run = fields.text("run").map { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } ?? -1
        size = winsize(columns: fields.number("columns") ?? 80, rows: fields.number("rows") ?? 24)
        if let user = fields.number("user"), let group = fields.number("group") {
            let groups = fields.values("supplementary_group").compactMap { gid_t(String(cString: $0)) }
            self.user = User(id: uid_t(user), group: gid_t(group), groups: groups)
        } else {
            user = nil
        }
    }
}

/// The signal and the grace period with which to stop the program. The file `policy` contains the current settings if
/// they changed after `launch`; the file `stop` contains a stop to carry out now.
struct StopOrder {
    let signal: Int32
    let graceMilliseconds: Int

    init?(_ fields: Fields) {
        guard let signal = fields.number("signal"), (1...64).contains(signal),
            let grace = fields.number("grace"), grace >= 0
        else { return nil }
        self.signal = Int32(signal)
        graceMilliseconds = grace
    }

    init?(file: String, in directory: Int32) {
        let descriptor = openat(directory, file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let fields = Fields(of: descriptor, format: "cube-stop/1") else { return nil }
        self.init(fields)
    }
}
