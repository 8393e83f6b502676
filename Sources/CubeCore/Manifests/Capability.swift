import CubeJSON

/// The capabilities of Linux, by name, as `man 7 capabilities` lists them.
package enum Capability {
    /// The names without `CAP_`, sorted.
    package static let names: [String] = [
        "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN",
        "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE",
        "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
    ]

    /// The rule for a name, worded for a message.
    package static let rule = "must be a capability of Linux without CAP_, such as NET_ADMIN"

    /// Suggests the name that was probably intended; `nil` if there is none.
    package static func suggestion(for text: String) -> String? {
        var name = text.uppercased()
        if name.hasPrefix("CAP_") { name.removeFirst(4) }
        if name == "ALL" { return "name each capability that the task needs" }
        return (names.contains(name) ? name : Suggestion.nearest(to: name, among: names)).map {
            "did you mean \"\($0)\"?"
        }
    }
}
