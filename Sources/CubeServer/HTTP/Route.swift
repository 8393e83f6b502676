import CubeTypes
import CubeVersion
import HTTPTypes
import Hummingbird

/// An endpoint: its method, path, access rule, inputs and implementation. The OpenAPI document is generated from it.
struct Route: Sendable {
    /// Who may call a route on a TCP listener. On a Unix socket, everybody who can open the socket may call every
    /// route.
    enum Access: Sendable {
        case everybody
        case roles(Set<TokenSet.Role>)

        static let reader: Access = .roles([.read, .write])
        static let writer: Access = .roles([.write])
        static let worker: Access = .roles([.worker])
    }

    let method: HTTPRequest.Method
    /// The path components. A component in braces matches any value and names it.
    let path: [Substring]
    /// The names of the path components that match any value, in order.
    let parameterNames: [String]
    let access: Access
    /// Whether the larger size limit of batches applies to the body.
    let takesBatch: Bool
    /// The deprecation notice, sent with every response of an endpoint that will be removed.
    let deprecation: Deprecation?
    let operation: Operation
    let inputs: [InputDescription]
    let respond: @Sendable (Call) async throws -> Response

    /// - Parameters:
    ///   - path: The path, such as `/api/v1/manager/tasks/{id}`.
    ///   - inputs: The inputs of `respond`, which are parsed and checked. If there are query inputs, unknown query
    ///     parameters are refused.
    init<each Value: Sendable>(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, _ operation: Operation,
        takesBatch: Bool = false, deprecation: Deprecation? = nil,
        _ inputs: repeat Input<each Value>,
        respond: @Sendable @escaping (Call, repeat each Value) async throws -> Response
    ) {
        self.method = method
        self.path = path.split(separator: "/")
        parameterNames = self.path.compactMap(Self.parameterName)
        self.access = access
        self.takesBatch = takesBatch
        self.deprecation = deprecation
        self.operation = operation
        var collected: [InputDescription] = []
        repeat collected.append((each inputs).description)
        let descriptions = collected
        self.inputs = descriptions
        self.respond = { call in
            var query = QueryReader(call.request.uri.query)
            let values = (repeat try await (each inputs).read(call, &query))
            if descriptions.contains(where: { $0.place == .query }) { try query.finish() }
            // Invalid query inputs are `nil`, and `finish()` has thrown for them.
            return try await respond(call, repeat (each values)!)
        }
    }

    var requiresRole: Bool {
        if case .roles = access { true } else { false }
    }

    static func parameterName(_ component: Substring) -> String? {
        component.hasPrefix("{") ? String(component.dropFirst().dropLast()) : nil
    }
}
