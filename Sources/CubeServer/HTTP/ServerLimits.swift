/// The limits of a listener. Everything that a client can send or occupy has a limit.
package struct ServerLimits: Sendable {
    /// Maximum concurrent connections with a token. Further ones receive `too_many_requests`.
    package var connections = 512
    /// Maximum concurrent local connections, from components of Cube and users on this machine: over a Unix socket, or
    /// over loopback with a token of the role `worker` or `write`.
    package var localConnections = 512
    /// Maximum concurrent connections that have not presented a token yet. Beyond the limit, the oldest one is closed.
    package var strangers = 128
    /// Maximum number of such connections from one address. An IPv6 /64 network counts as one address.
    package var strangersPerAddress = 64
    /// Maximum time until a connection presents a token.
    package var strangerTime: Duration = .seconds(10)
    /// Maximum size of all header fields of a request, in bytes.
    package var headerBytes = 32 << 10
    package var headerFields = 100
    /// Maximum size of a request body, in bytes.
    package var bodyBytes = 1 << 20
    /// Maximum size of the body of a batch, in bytes.
    package var batchBytes = 8 << 20
    /// Maximum time from the first line of a request to the last byte of its body.
    package var requestTime: Duration = .seconds(30)
    /// Maximum idle time of a connection. Longer than Cube's own clients keep an idle connection.
    package var idleTime: Duration = .seconds(30)
    /// Maximum time for which a client may read nothing of a response.
    package var stallTime: Duration = .seconds(30)
    /// Maximum `wait` of a blocking query.
    package var longestWait: Duration = .seconds(60)

    package init() {}

    /// The maximum number of connections of a listener.
    package var allConnections: Int { connections + localConnections + strangers }

    /// Returns limits with proportionally fewer connections, if they exceed a number of open files.
    ///
    /// - Parameter openFiles: The maximum number of open connections. Each kind of connection keeps a small minimum in
    ///   any case.
    package func fitted(to openFiles: Int) -> ServerLimits {
        guard openFiles < allConnections else { return self }
        func share(_ count: Int) -> Int { max(min(count, Self.fewest), count * openFiles / allConnections) }
        var limits = self
        limits.connections = share(connections)
        limits.localConnections = share(localConnections)
        limits.strangers = share(strangers)
        limits.strangersPerAddress = min(strangersPerAddress, max(1, limits.strangers / 2))
        return limits
    }

    private static let fewest = 8
}
