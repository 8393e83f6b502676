import CubeErrors
import CubeJSON
import CubeVersion
import HTTPTypes
import Synchronization

/// The OpenAPI 3.1 document of a server, generated from its routes.
struct OpenAPIDocument {
    let title: String
    let routes: [Route]
    let limits = ServerLimits()

    var json: CanonicalJSON {
        var paths: [String: [String: CanonicalJSON]] = [:]
        for route in routes {
            paths[route.pattern, default: [:]][route.method.rawValue.lowercased()] = operation(route)
        }
        let schemas = routes.flatMap(\.schemas).reduce(into: APIError.schema.components) {
            $0.merge($1.components) { $1 }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": .string(title), "version": .string(ProductVersion.current),
                "summary": "Accepts desired state and returns observed state. Every call is idempotent.",
                "description": .string(Self.introduction),
            ],
            "x-cube-limits": limits.json,
            "servers": [["url": "/", "description": "This server."]],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description":
                            "A token with one of the roles that are listed for the operation. A Unix socket requires no token.",
                    ]
                ],
            ],
        ]
    }

    /// The rules that apply to every call.
    private static let introduction = """
        Bodies are JSON. Times are RFC 3339 in UTC. Durations are a whole number followed by `ms`, `s`, `m` or `h`. A newer \
        version may add members to an object and words to a set, so clients must ignore unknown members and accept unknown \
        words. `null` is equivalent to absence. Each response has an `X-Request-ID`, which is the client's own if it sent one, \
        and the `Cube-Version` of the server. Responses of a deprecated operation have a `Cube-Deprecated` header, which names \
        the replacement. The body of a response with a status of 400 or above is an error object. Besides the listed statuses, \
        431 means that the header fields of the request are too large. `HEAD` is supported wherever `GET` is. \
        `x-cube-limits` lists the limits of a listener: sizes in bytes, and durations. A process that can open few files accepts \
        fewer connections.
        """

    private func operation(_ route: Route) -> CanonicalJSON {
        var operation: [String: CanonicalJSON] = [
            "operationId": .string(route.operation.id), "summary": .string(route.operation.summary),
            "tags": [.string(route.tag)], "responses": .object(responses(of: route)), "security": security(of: route),
        ]
        if let deprecation = route.deprecation {
            operation["deprecated"] = true
            operation["description"] = .string(
                "Deprecated since \(deprecation.since), and removed in \(deprecation.until). Use \(deprecation.replacement) instead."
            )
        }
        let parameters = route.inputs.filter { $0.place != .body }.map(parameter)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if route.takesBody { operation["requestBody"] = body(of: route) }
        return .object(operation)
    }

    private func parameter(_ input: InputDescription) -> CanonicalJSON {
        [
            "name": .string(input.name), "in": .string(input.place.rawValue), "description": .string(input.summary),
            "required": .boolean(input.isRequired), "schema": input.schema.json,
        ]
    }

    /// Describes the body. Even an operation without input requires the JSON content type, so that a web page cannot
    /// make the call.
    private func body(of route: Route) -> CanonicalJSON {
        let limit = route.takesBatch ? limits.batchBytes : limits.bodyBytes
        let input = route.inputs.first { $0.place == .body }
        return [
            "description": .string("At most \(limit >> 20) MiB." + (input == nil ? " Its content is ignored." : "")),
            "required": .boolean(input != nil),
            "content": ["application/json": ["schema": input?.schema.json ?? .object([:])]],
        ]
    }

    private func security(of route: Route) -> CanonicalJSON {
        guard case .roles(let roles) = route.access else { return [] }
        // Each role alone is sufficient.
        return .array(roles.map(\.rawValue).sorted().map { ["token": [.string($0)]] })
    }

    private func responses(of route: Route) -> [String: CanonicalJSON] {
        var responses: [String: CanonicalJSON] = [:]
        for (status, reasons) in route.refusals {
            responses["\(status)"] = [
                "description": .string(reasons.map { "`\($0)`" }.joined(separator: ", ")),
                "content": ["application/json": ["schema": APIError.schema.json]],
            ]
        }
        for (status, answers) in Dictionary(grouping: route.operation.answers, by: \.status) {
            let content = answers.compactMap(\.content).map { ($0.type, ["schema": $0.schema.json] as CanonicalJSON) }
            var response: [String: CanonicalJSON] = [
                "description": .string(answers.map(\.summary).joined(separator: " Or: "))
            ]
            if !content.isEmpty { response["content"] = .object(Dictionary(uniqueKeysWithValues: content)) }
            responses["\(status)"] = .object(response)
        }
        return responses
    }
}

extension Route {
    /// The path in OpenAPI notation.
    var pattern: String { "/" + path.joined(separator: "/") }

    /// The tag of the operation: the path component after the API prefix.
    fileprivate var tag: String { path.count > 3 ? String(path[3]) : "server" }

    /// The schemas of all inputs and responses.
    fileprivate var schemas: [Schema] { inputs.map(\.schema) + operation.answers.compactMap(\.content?.schema) }
}

extension RouteTable {
    /// A table of routes with an additional route `/openapi.json`, which describes the table.
    static func describing(_ title: String, _ routes: [Route]) -> RouteTable {
        let operation = Operation(
            "getDescription", "Returns this document.",
            Operation.Answer(
                status: 200, summary: "An OpenAPI 3.1 document.",
                content: ("application/json", Schema(["type": "object"]))))
        func route(_ document: @escaping @Sendable () -> [UInt8]) -> Route {
            Route(.get, "/openapi.json", .everybody, operation) { _ in .json(bytes: document()) }
        }
        let described = routes + [route { [] }]
        let document = LazyBytes { Array(OpenAPIDocument(title: title, routes: described).json.text.utf8) }
        return RouteTable(routes: routes + [route { document.bytes }])
    }
}

/// Bytes that are made when they are first asked for. Most servers are never asked for their description, and making it took a tenth of
/// their start.
private final class LazyBytes: Sendable {
    private let made = Mutex<[UInt8]?>(nil)
    private let make: @Sendable () -> [UInt8]

    init(_ make: @escaping @Sendable () -> [UInt8]) { self.make = make }

    var bytes: [UInt8] {
        made.withLock { made in
            let bytes = made ?? make()
            made = bytes
            return bytes
        }
    }
}
