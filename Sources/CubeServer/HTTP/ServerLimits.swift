/// The bounds of a listener; nothing that a client sends or holds is without one.
package struct ServerLimits: Sendable {
    /// Connections at a time; more wait in the kernel's queue.
    package var connections = 512
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
}
