/// The bounds of a listener; nothing that a client sends or holds is without one.
package struct ServerLimits: Sendable {
    /// Connections at a time whose clients presented a token from another machine; more are answered `too_many_requests`.
    package var connections = 512
    /// Connections at a time of the components of Cube and the people on this machine: over a Unix socket, or over loopback
    /// with the token of a worker or a writer.
    package var localConnections = 512
    /// Connections at a time that have presented no token yet. Where there are more, the oldest one is closed.
    package var strangers = 128
    /// How many of these one address may have. An IPv6 network of 64 bits counts as one address.
    package var strangersPerAddress = 64
    /// How long a connection may go without presenting a token.
    package var strangerTime: Duration = .seconds(10)
    /// All header fields of a request, in bytes.
    package var headerBytes = 32 << 10
    package var headerFields = 100
    /// The body of a request, in bytes.
    package var bodyBytes = 1 << 20
    /// The body of a batch, in bytes.
    package var batchBytes = 8 << 20
    /// From the first line of a request to the last byte of its body.
    package var requestTime: Duration = .seconds(30)
    /// How long a connection may be without a request; longer than clients of ours keep one.
    package var idleTime: Duration = .seconds(30)
    /// How long a client may take nothing of an answer.
    package var stallTime: Duration = .seconds(30)
    /// The longest `wait` of a blocking query.
    package var longestWait: Duration = .seconds(60)

    package init() {}

    /// How many connections a listener has open at most.
    package var allConnections: Int { connections + localConnections + strangers }

    /// The same limits with fewer connections, in proportion, where they are above a number of open files.
    ///
    /// - Parameter openFiles: How many connections may be open; each kind keeps a few in any case.
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
