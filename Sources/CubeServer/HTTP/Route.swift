import CubeVersion
import HTTPTypes
import Hummingbird

/// One endpoint: a method, a path, who may call it, how much it takes, and what it does.
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
    let respond: @Sendable (Call) async throws -> Response

    /// - Parameter path: such as `/api/v1/manager/tasks/{id}`.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, takesBatch: Bool = false,
        deprecation: Deprecation? = nil,
        respond: @Sendable @escaping (Call) async throws -> Response
    ) {
        self.method = method
        self.path = path.split(separator: "/")
        self.access = access
        self.takesBatch = takesBatch
        self.deprecation = deprecation
        self.respond = respond
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
        var others: [HTTPRequest.Method] = []
        for route in routes {
            guard let parameters = route.match(components) else { continue }
            if route.method == method { return .found(route, parameters: parameters) }
            others.append(route.method)
        }
        return others.isEmpty ? .nothing : .otherMethods(others)
    }
}
