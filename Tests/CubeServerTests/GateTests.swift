import CubeErrors
import CubeTypes
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Testing

@testable import CubeServer

@Suite("The gate", .timeLimit(.minutes(1)))
struct GateTests {
    struct Order: DescribedObject {
        struct Line: DescribedObject {
            static let summary = "A line of an order."
            static let properties: [Property<Line>] = [Property("item", \.item), Property("count", \.count)]
            var item: String
            var count: Int
        }
        static let summary = "An order."
        static let properties: [Property<Order>] = [Property("lines", \.lines)]
        var lines: [Line]
    }

    struct Secret: Error, CustomStringConvertible { var description: String { "swordfish" } }

    let routes = [
        Route(
            .get, "/things", .reader, .test, .integer("limit", in: 1...10, ""), .wait("wait", ""),
            .required(.identifier("owner", as: OwnerName.self, "")), .flag("follow", "")
        ) { _, limit, wait, owner, follow in
            try .json(["\(limit ?? 0)", "\(wait)", "\(owner)", "\(follow)"])
        },
        Route(.post, "/things", .writer) { call in
            try .json(["lines": try await call.body(as: Order.self).lines.count], status: .created)
        },
        Route(.post, "/things/batch", .writer, .test, takesBatch: true) { call in
            try .json(["lines": try await call.body(as: Order.self).lines.count])
        },
        Route(.get, "/things/{id}", .reader, .test, .path("id", as: OwnerName.self, "")) { call, id in
            try .json(["id": id, "role": OwnerName(rawValue: call.role!.rawValue)!])
        },
        Route(.delete, "/things/{id}", .writer) { _ in .noContent },
        Route(.post, "/members", .worker) { _ in .noContent },
        Route(.get, "/broken", .reader) { _ in throw Secret() },
        Route(.get, "/open", .everybody) { _ in try .json(["status": "ok"]) },
    ]

    @Test func `a response has the date of the clock`() async throws {
        #expect(DateField.text(1_700_000_000) == "Tue, 14 Nov 2023 22:13:20 GMT")
        let routes = routes
        try await withServer { options in
            var options = options
            options.wallClock = { Timestamp(milliseconds: 784_111_777_999) }
            return [HTTPServer(table: RouteTable(routes: routes), options: options, logger: silent)]
        } _: { endpoint, _ in
            let dates = try await ask(.GET, endpoint, "/open").headers["Date"]
            #expect(dates == ["Sun, 06 Nov 1994 08:49:37 GMT"])
        }
    }

    @Test func `an unknown route yields an error object with the request id`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            for path in ["/", "/thing", "/things/", "/things//", "/things/a/b", "/open/"] {
                let answer = try await ask(.GET, endpoint, path, headers: ["X-Request-ID": "id-7"])
                #expect(answer.status == 404, "\(path)")
                #expect(try answer.error.reason == .routeNotFound)
                #expect(try answer.error.requestID == "id-7")
                #expect(answer.headers["X-Request-ID"] == ["id-7"])
            }
            let own = try await ask(.GET, endpoint, "/nowhere").error.requestID
            #expect(own?.isEmpty == false)
        }
    }

    @Test(arguments: [
        (HTTPMethod.PUT, "/things", "GET, HEAD, POST"), (.POST, "/things/a", "GET, HEAD, DELETE"),
        (.HEAD, "/members", "POST"), (.DELETE, "/open", "GET, HEAD"),
        (.PATCH, "/members", "POST"), (.GET, "/things/batch", "POST"),
    ])
    func `the error for a wrong method lists the supported ones`(method: HTTPMethod, path: String, allowed: String)
        async throws
    {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await ask(method, endpoint, path)
            #expect(answer.status == 405)
            #expect(answer.headers["Allow"] == [allowed])
            if method != .HEAD { #expect(try answer.error.reason == .methodNotAllowed) }
        }
    }

    @Test func `a token grants the permissions of its role and no others`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            let body = #"{"lines": []}"#
            let allowed: [(HTTPMethod, String, String?, Set<TokenSet.Role>)] = [
                (.GET, "/things?owner=a", nil, [.read, .write]), (.POST, "/things", body, [.write]),
                (.DELETE, "/things/a", nil, [.write]), (.POST, "/members", body, [.worker]),
            ]
            for (method, path, body, roles) in allowed {
                for role in TokenSet.Role.allCases {
                    let answer = try await ask(method, endpoint, path, token: role, body: body)
                    if roles.contains(role) {
                        #expect(answer.status < 300, "\(method) \(path) \(role)")
                    } else {
                        #expect(answer.status == 403, "\(method) \(path) \(role)")
                        #expect(try answer.error.reason == .forbidden)
                    }
                }
            }
            #expect(try await ask(.GET, endpoint, "/open", token: nil).status == 200)
        }
    }

    @Test(arguments: [
        nil, "Bearer", "Bearer ", "Bearer wrong", "Basic dXNlcjpwYXNz", "bearer \(String(repeating: "r", count: 63))",
    ])
    func `without a valid token, no protected route is served`(authorization: String?) async throws {
        try await withRoutes(routes) { endpoint, _ in
            let headers: HTTPHeaders = authorization.map { ["Authorization": $0] } ?? [:]
            let answer = try await ask(.GET, endpoint, "/things?owner=a", token: nil, headers: headers)
            #expect(answer.status == 401)
            let error = try answer.error
            #expect(error.reason == .unauthorized)
            // The error contains no part of the token, and differs for a missing and a wrong token.
            let isWrong = authorization?.lowercased().hasPrefix("bearer ") == true && authorization != "Bearer "
            #expect(error.details == ["token": isWrong ? "wrong" : "missing"])
            #expect(error.message.hasPrefix("the token is not one of ") == isWrong)
            #expect(error.message.hasPrefix("this call requires a token: ") == !isWrong)
            #expect(
                answer.headers["WWW-Authenticate"]
                    == ["Bearer realm=\"cube\"" + (isWrong ? ", error=\"invalid_token\"" : "")])
        }
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST:1", true), ("127.0.0.1", true), ("127.9.9.9:80", true), ("[::1]:80", true),
        ("evil.example", false), ("127.0.0.1.evil.example", false), ("10.0.0.1", false), ("", false), ("a b", false),
    ])
    func `only names of this server are accepted as hosts`(host: String, known: Bool) async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await ask(.GET, endpoint, "/open", headers: ["Host": host])
            #expect(answer.status == (known ? 200 : 403))
            if !known { #expect(try answer.error.reason == .forbiddenHost) }
        }
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
    func `a body of another content type is refused`(type: String) async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await ask(
                .POST, endpoint, "/things", headers: ["Content-Type": type], body: #"{"lines": []}"#)
            #expect(answer.status == 415)
            #expect(try answer.error.reason == .unsupportedMediaType)
        }
    }

    @Test func `a JSON content type may have parameters`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await ask(
                .POST, endpoint, "/things", headers: ["Content-Type": "Application/JSON; charset=utf-8"],
                body: #"{"lines": []}"#)
            #expect(answer.status == 201)
        }
    }

    @Test func `a body has a size limit, and a batch a larger one`() async throws {
        var limits = ServerLimits()
        limits.bodyBytes = 1000
        limits.batchBytes = 4000
        try await withRoutes(routes, limits: limits) { endpoint, _ in
            func body(_ size: Int) -> String { #"{"lines": []}"# + String(repeating: " ", count: size - 13) }
            for (path, size, status) in [
                ("/things", 1000, 201), ("/things", 1001, 413), ("/things/batch", 4000, 200),
                ("/things/batch", 4001, 413),
            ] {
                let answer = try await ask(.POST, endpoint, path, body: body(size))
                #expect(answer.status == status, "\(path) \(size)")
                if status == 413 { #expect(try answer.error.reason == .bodyTooLarge) }
            }
            // A body without a content length.
            let chunk = "3e9\r\n\(body(1001))\r\n0\r\n\r\n"
            let answer = try await exchange(
                "POST /things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(tokens[.write]!)\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)", with: endpoint)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.contains("body_too_large"))
        }
    }

    @Test func `a malformed body is reported as such`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await exchange(
                "POST /things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(tokens[.write]!)\r\n"
                    + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n",
                with: endpoint)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains(#""reason":"validation_failed""#))
        }
    }

    @Test func `an HTTP 1_0 client receives a response in its version, and the connection is closed`() async throws {
        let stream = Route(.get, "/stream", .everybody) { call in
            call.stream(contentType: "text/plain") { sink in
                try await sink.send(Array("one".utf8))
                try await sink.send(Array("two".utf8))
            }
        }
        try await withRoutes(routes + [stream]) { endpoint, _ in
            for header in ["", "Connection: keep-alive\r\n"] {
                let answer = try await exchange(
                    "GET /open HTTP/1.0\r\nHost: localhost\r\n\(header)\r\n", with: endpoint)
                #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
                #expect(answer.lowercased().contains("connection: close\r\n"))
            }
            // The response has no chunked encoding, which HTTP/1.0 does not have.
            let answer = try await exchange("GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n", with: endpoint)
            #expect(answer.hasSuffix("\r\n\r\nonetwo"))
        }
    }

    @Test(arguments: [
        "Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nhost: evil.example\r\n", "Host: localhost, b\r\n",
    ])
    func `a request with several hosts is refused`(hosts: String) async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await exchange("GET /open HTTP/1.1\r\n\(hosts)Connection: close\r\n\r\n", with: endpoint)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains(#""reason":"validation_failed""#))
        }
    }

    @Test func `a client that expects 100 Continue receives it only if the body is read`()
        async throws
    {
        try await withRoutes(routes) { endpoint, _ in
            let body = #"{"lines": []}"#
            @Sendable func head(_ token: String, expect: String = "100-continue") -> String {
                "POST /things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nExpect: \(expect)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            }
            let answers = try await withConnection(to: endpoint) { inbound, outbound in
                var answers: [String] = []
                try await outbound.write(ByteBuffer(string: head(tokens[.write]!)))
                for try await bytes in inbound {
                    answers.append(String(buffer: bytes))
                    if answers.count == 1 { try await outbound.write(ByteBuffer(string: body)) }
                }
                return answers
            }
            #expect(answers.first == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(answers.dropFirst().joined().hasPrefix("HTTP/1.1 201 "))
            // The body never arrives, so the connection cannot be reused.
            let refused = try await exchange(head("wrong"), with: endpoint)
            #expect(refused.hasPrefix("HTTP/1.1 401 "))
            #expect(refused.lowercased().contains("connection: close\r\n"))
            #expect(
                try await exchange(head(tokens[.write]!, expect: "miracles"), with: endpoint).hasPrefix("HTTP/1.1 417 ")
            )
        }
    }

    @Test func `a HEAD request receives a response without a body`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await exchange(
                "HEAD /open HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + "HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", with: endpoint)
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains("HTTP/1.1 404 "))
            #expect(!answer.contains("{"))
        }
    }

    @Test(arguments: [
        ("{", "body: is not valid JSON: line 1, column 2: expected a key or \"}\", but the body ends"),
        ("", "body: is not valid JSON: line 1, column 1: expected a value, but the body ends"),
        ("[]", "body: […] must be an object"), (#"{"lines": 1}"#, "lines: 1 must be an array"),
        (#"{}"#, "lines: is missing"),
        (#"{"lines": [{"item": "a", "count": 1}, {"item": "b"}]}"#, "lines[1].count: is missing"),
        (
            #"{"lines": [{"item": null, "count": 1}, {"item": "a", "count": "two"}]}"#,
            "lines[0].item: must not be null; lines[1].count: \"two\" must be a whole number"
        ),
    ])
    func `errors in a body are reported with path and value`(body: String, message: String) async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await ask(.POST, endpoint, "/things", body: body)
            #expect(answer.status == 400)
            let error = try answer.error
            #expect(error.reason == .validationFailed)
            #expect(error.message == message)
            #expect(error.isFromServer)
        }
    }

    @Test func `all errors in a query are reported at once`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await ask(
                .GET, endpoint, "/things?limit=11&wait=2m&follow=maybe&color=red&color=blue&x=%ff")
            #expect(answer.status == 400)
            let fields = try answer.error.fields.map(\.field)
            #expect(fields == ["color", "query", "limit", "wait", "owner", "follow", "color"])
            let good = try await ask(.GET, endpoint, "/things?limit=10&wait=500ms&follow&owner=%61")
            #expect(try JSONDecoder().decode([String].self, from: good.body) == ["10", "0.5 seconds", "a", "true"])
            let bad = try await ask(.GET, endpoint, "/things/Not%20A%20Name")
            #expect(try bad.error.fields.map(\.field) == ["id"])
        }
    }

    @Test func `an internal error reveals no details`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            let answer = try await ask(.GET, endpoint, "/broken")
            #expect(answer.status == 500)
            #expect(try answer.error.reason == .internal)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("swordfish"))
        }
    }
}
