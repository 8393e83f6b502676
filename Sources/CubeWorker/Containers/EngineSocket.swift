import Glibc

/// The sockets at which container engines listen.
enum EngineSocket {
    /// The first of the usual sockets of Docker and Podman that this user may use; the first of all if there is none.
    static var usual: String { candidates.first { access($0, W_OK) == 0 } ?? candidates[0] }

    /// The usual sockets of Docker and Podman, in the order of preference.
    static var candidates: [String] {
        let own = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? "/run/user/\(geteuid())"
        return geteuid() == 0
            ? ["/var/run/docker.sock", "/run/podman/podman.sock"]
            : ["\(own)/podman/podman.sock", "\(own)/docker.sock", "/var/run/docker.sock"]
    }
}
