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
    let logs: String
    let logBytes: Int
    let logFiles: Int
    let stop: StopOrder
    /// The timeout of a health check.
    let timeoutMilliseconds: Int?

    /// A user, by numeric ids. The worker has looked up the names.
    struct User {
        let id: uid_t
        let group: gid_t
        let groups: [gid_t]
    }

    init?(file descriptor: Int32) {
        guard let fields = Fields(of: descriptor, format: "cube-launch/1"),
            let workingDirectory = fields.text("directory"), let logs = fields.text("logs"),
            let stop = StopOrder(fields), !fields.values("argument").isEmpty
        else { return nil }
        arguments = fields.values("argument") + [nil]
        programAsWritten = fields.text("program")
        environment = fields.values("environment")
        noNewPrivileges = fields.number("no_new_privileges") == 1
        self.workingDirectory = workingDirectory
        self.logs = logs
        logBytes = fields.number("log_bytes") ?? 10 << 20
        logFiles = fields.number("log_files") ?? 3
        self.stop = stop
        timeoutMilliseconds = fields.number("timeout")
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
