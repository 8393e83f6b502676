import CubeErrors
import FoundationEssentials
import Glibc

/// The file of a Unix socket: a stale one gives way, a living one does not.
struct UnixSocket {
    let path: String

    /// Removes a socket on which nobody answers.
    ///
    /// - Throws: `locked` where somebody answers, `conflict` where something else has the path.
    func clear() throws(APIError) {
        // Where nothing is there is nothing to clear; what cannot be looked at tells the attempt to listen.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return }
        guard attributes[.type] as? FileAttributeType == .typeSocket else {
            throw APIError(.conflict, "unix:\(path): exists and is no socket")
        }
        guard !isAnswered else { throw APIError(.locked, "unix:\(path): another program listens there") }
        unlink(path)
    }

    /// Leaves the socket to its owner alone. Between its making and this, the umask keeps others from connecting.
    func restrict() throws(APIError) {
        guard chmod(path, 0o600) == 0 else {
            throw APIError(.internal, "unix:\(path): cannot restrict it: \(String(cString: strerror(errno)))")
        }
    }

    private var isAnswered: Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return connected == 0 || errno != ECONNREFUSED
    }
}
