import CubeVersion
import HTTPTypes
import Hummingbird

/// One endpoint: a method, a path, who may call it, what it takes, and what it does. The description of the interface is made
/// of the same.
struct Route: Sendable {
    /// Who may call a route on a TCP listener; on a Unix socket everybody may who can open it.
    enum Access: Sendable {
        case everybody
        case roles(Set<TokenSet.Role>)

        static let reader: Access = .roles([.read, .write])
        static let writer: Access = .roles([.write])
        static let worker: Access = .roles([.worker])
    }

    let method: HTTPRequest.Method
    /// Components; one in braces stands for any, under that name.
    let path: [Substring]
    let access: Access
    /// Whether it takes the large body of a batch.
    let takesBatch: Bool
    /// Said with every answer of an endpoint that will go.
    let deprecation: Deprecation?
    let operation: Operation
    let inputs: [InputDescription]
    let respond: @Sendable (Call) async throws -> Response

    /// - Parameters:
    ///   - path: such as `/api/v1/manager/tasks/{id}`.
    ///   - inputs: what `respond` is handed, read and checked; where a query is read, other parameters of it are refused.
    init<each Value: Sendable>(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, _ operation: Operation,
        takesBatch: Bool = false, deprecation: Deprecation? = nil,
        _ inputs: repeat Input<each Value>,
        respond: @Sendable @escaping (Call, repeat each Value) async throws -> Response
    ) {
        self.method = method
        self.path = path.split(separator: "/")
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
            // What could not be read has been told by the query.
            return try await respond(call, repeat (each values)!)
        }
    }

    /// The values of the named components, where the path is this route's.
    func match(_ components: [Substring]) -> [String: String]? {
        guard components.count == path.count else { return nil }
        var parameters: [String: String] = [:]
        for (component, pattern) in zip(components, path) {
            if pattern.hasPrefix("{") {
                guard let value = component.percentDecoded, !value.isEmpty else { return nil }
                parameters[String(pattern.dropFirst().dropLast())] = value
            } else if component != pattern {
                return nil
            }
        }
        return parameters
    }
}

/// All endpoints of a server, as data: so that a path's methods are known where another one is asked for.
struct RouteTable: Sendable {
    enum Match {
        case found(Route, parameters: [String: String])
        case otherMethods([HTTPRequest.Method])
        case nothing
    }

    let routes: [Route]

    func match(_ method: HTTPRequest.Method, path: String) -> Match {
        guard path.hasPrefix("/") else { return .nothing }
        let components = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let matches = routes.compactMap { route in route.match(components).map { (route: route, parameters: $0) } }
        // What a path says literally goes before what it may stand for: `batch` is no task's id.
        guard let fewest = matches.map(\.parameters.count).min() else { return .nothing }
        let served = matches.filter { $0.parameters.count == fewest }
        guard let found = served.first(where: { $0.route.method == method }) else {
            return .otherMethods(served.map(\.route.method))
        }
        return .found(found.route, parameters: found.parameters)
    }
}
