import CubeErrors
import FoundationEssentials
import Glibc

/// The file of a Unix socket. A stale socket is replaced; a socket in use is not.
struct UnixSocket {
    let path: String

    /// Removes a stale socket.
    ///
    /// - Throws: `locked` if a program listens on the socket; `conflict` if the path is not a socket.
    func clear() throws(APIError) {
        // If the path does not exist, there is nothing to remove. For any other error, listening fails with a better
        // message.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return }
        guard attributes[.type] as? FileAttributeType == .typeSocket else {
            throw APIError(.conflict, "unix:\(path) exists and is not a socket")
        }
        guard !isAnswered else { throw APIError(.locked, "another program listens on unix:\(path)") }
        unlink(path)
    }

    /// Makes the socket accessible only to its owner. Until then, the umask prevents others from connecting.
    func restrict() throws(APIError) {
        guard chmod(path, 0o600) == 0 else {
            throw APIError(.internal, "cannot restrict access to unix:\(path): \(String(cString: strerror(errno)))")
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
