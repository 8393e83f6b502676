/// How a manager renews the lease of a worker with a request for its tasks.
///
/// - Since: 0.1
public struct LeaseRenewal: Hashable, Sendable {
    /// The ``WorkerTaskList/receipt`` of the last response that the manager received; `nil` if it received none.
    public var receipt: String?
    /// How long the manager waits, after it received a response, before it takes a worker for lost. The same for all requests of a
    /// manager.
    public var length: Duration

    public init(receipt: String?, length: Duration) {
        self.receipt = receipt
        self.length = length
    }
}
