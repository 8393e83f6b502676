/// Intercepts each call that has passed the gate. If it throws, the error is the response. Tests use it to delay calls
/// and to make them fail.
package protocol CallInterceptor: Sendable {
    /// Called before the route runs.
    func willServe(_ call: InterceptedCall) async throws
    /// Called after the route has run, before its response is sent.
    func didServe(_ call: InterceptedCall) async throws
}

/// A call, as an interceptor receives it.
package struct InterceptedCall: Hashable, Sendable {
    /// The operation's id in the OpenAPI document, such as `scheduleTask`.
    package let operation: String
    /// The names of the query parameters.
    package let parameters: Set<String>

    init(operation: String, query: String?) {
        self.operation = operation
        parameters = Set((query ?? "").split(separator: "&").map { String($0.prefix { $0 != "=" }) })
    }
}
