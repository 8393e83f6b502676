import Glibc

/// The sockets at which container engines listen.
enum EngineSocket {
    /// The first of the usual sockets of Docker and Podman that this user may use; the first of all if there is none.
    static var usual: String {
        let own = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? "/run/user/\(geteuid())"
        let sockets =
            geteuid() == 0
            ? ["/var/run/docker.sock", "/run/podman/podman.sock"]
            : ["\(own)/podman/podman.sock", "\(own)/docker.sock", "/var/run/docker.sock"]
        return sockets.first { access($0, W_OK) == 0 } ?? sockets[0]
    }
}
