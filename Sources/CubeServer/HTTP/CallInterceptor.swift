/// Sees each call that passed the gate. What it throws is the answer. Tests use it to make calls fail or slow.
package protocol CallInterceptor: Sendable {
    /// Called before the route acts.
    func willServe(_ call: InterceptedCall) async throws
    /// Called after the route acted, and before its answer leaves.
    func didServe(_ call: InterceptedCall) async throws
}

/// A call, as an interceptor sees it.
package struct InterceptedCall: Hashable, Sendable {
    /// The operation's id in the description of the interface, such as `scheduleTask`.
    package let operation: String
    /// The names of its query's parameters.
    package let parameters: Set<String>

    init(operation: String, query: String?) {
        self.operation = operation
        parameters = Set((query ?? "").split(separator: "&").map { String($0.prefix { $0 != "=" }) })
    }
}
