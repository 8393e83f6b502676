import CubeErrors
import CubeJSON
import CubeVersion
import HTTPTypes

/// The description of a server's interface by the OpenAPI Specification, version 3.1, made of its routes.
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
                "summary": "Desired state in, observed state out; every call can be repeated.",
                "description": .string(Self.introduction),
            ],
            "servers": [["url": "/", "description": "This server."]],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description":
                            "A token of one of the roles that are named with the call. A Unix socket asks for none.",
                    ]
                ],
            ],
        ]
    }

    /// What holds for every call.
    private static let introduction = """
        Bodies are JSON, times RFC 3339 in UTC, spans of time a whole number and `ms`, `s`, `m` or `h`. An object may have \
        more members in a newer version, and a set of words more words: read on over what is not known. `null` is the same as \
        absence. Each answer bears an `X-Request-ID`, the caller's own where it sent one, and the `Cube-Version` of the server; \
        those of a deprecated call bear `Cube-Deprecated`, which names what to use instead. An answer from 400 on is an error object; besides those that are named with a call, 431 answers a request whose header fields are too large. `HEAD` is \
        answered wherever `GET` is.
        """

    private func operation(_ route: Route) -> CanonicalJSON {
        var operation: [String: CanonicalJSON] = [
            "operationId": .string(route.operation.id), "summary": .string(route.operation.summary),
            "tags": [.string(route.tag)], "responses": .object(responses(of: route)), "security": security(of: route),
        ]
        if let deprecation = route.deprecation {
            operation["deprecated"] = true
            operation["description"] = .string(
                "Deprecated since \(deprecation.since) and gone with \(deprecation.until): use \(deprecation.replacement)."
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

    /// A call that takes nothing needs the type of a body all the same, so that no web page can make it.
    private func body(of route: Route) -> CanonicalJSON {
        let limit = route.takesBatch ? limits.batchBytes : limits.bodyBytes
        let input = route.inputs.first { $0.place == .body }
        return [
            "description": .string("At most \(limit >> 20) MiB." + (input == nil ? " What it says is not read." : "")),
            "required": .boolean(input != nil),
            "content": ["application/json": ["schema": input?.schema.json ?? .object([:])]],
        ]
    }

    private func security(of route: Route) -> CanonicalJSON {
        guard case .roles(let roles) = route.access else { return [] }
        // One of them is enough.
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
    /// The path as the description writes it.
    var pattern: String { "/" + path.joined(separator: "/") }

    /// What it is about: the component after the prefix of the interface.
    fileprivate var tag: String { path.count > 3 ? String(path[3]) : "server" }

    /// All that it takes and answers.
    fileprivate var schemas: [Schema] { inputs.map(\.schema) + operation.answers.compactMap(\.content?.schema) }
}

extension RouteTable {
    /// A table of routes that tells what it is made of, at `/openapi.json`.
    static func describing(_ title: String, _ routes: [Route]) -> RouteTable {
        let operation = Operation(
            "getDescription", "This description.",
            Operation.Answer(
                status: 200, summary: "OpenAPI 3.1.", content: ("application/json", Schema(["type": "object"]))))
        func route(_ document: [UInt8]) -> Route {
            Route(.get, "/openapi.json", .everybody, operation) { _ in .json(bytes: document) }
        }
        let document = OpenAPIDocument(title: title, routes: routes + [route([])]).json
        return RouteTable(routes: routes + [route(Array(document.text.utf8))])
    }
}
