import CubeCore
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeTesting
import CubeTypes
import FoundationEssentials
import HTTPTypes
import NIOHTTP1
import SystemPackage
import Testing

@testable import CubeServer

/// Calls every endpoint of both servers with every kind of token, and compares the result with the table in the documentation.
@Suite("Endpoints and roles", .timeLimit(.minutes(2)))
struct RoleTableTests {
    /// A row of the table.
    private struct Row: Hashable {
        var method: String
        var pattern: String
        /// The roles that may call the endpoint; `nil` for everybody.
        var roles: Set<String>?

        /// The path, with each named component replaced by a valid value of which there is no object.
        var path: String {
            pattern.split(separator: "/").map { component in
                switch component {
                case "{id}" where pattern.contains("/tasks/"), "{session}": "00000000-0000-0000-0000-000000000009"
                case _ where component.hasPrefix("{"): "nothing"
                default: String(component)
                }
            }.reduce("") { "\($0)/\($1)" }
        }
    }

    /// A way to present oneself, and the role that it proves.
    private struct Credential {
        var name: String
        var token: String?
        var role: String?
    }

    private static func rows(below heading: String) throws -> Set<Row> {
        let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        let path = root.appending("Sources/cube/cube.docc/Access.md").string
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let section = lines.drop { $0 != "### \(heading)" }.dropFirst().prefix { !$0.hasPrefix("#") }
        return Set(
            section.compactMap { line in
                line.firstMatch(of: /^\| `([A-Z]+) ([^`]+)` \| ([a-z, ]+) \|$/).map { match in
                    let roles = match.3.split(separator: ", ").map(String.init)
                    return Row(
                        method: String(match.1), pattern: String(match.2),
                        roles: roles == ["everybody"] ? nil : Set(roles))
                }
            })
    }

    private static func rows(of table: RouteTable) -> Set<Row> {
        Set(
            table.routes.map { route in
                let roles: Set<String>? =
                    if case .roles(let roles) = route.access { Set(roles.map(\.rawValue)) } else { nil }
                return Row(method: route.method.rawValue, pattern: route.pattern, roles: roles)
            })
    }

    private func check(_ rows: Set<Row>, _ credentials: [Credential], at endpoint: Endpoint) async throws {
        #expect(rows.count > 15)
        for row in rows {
            for credential in credentials {
                let headers = credential.token.map { HTTPHeaders([("Authorization", "Bearer \($0)")]) } ?? [:]
                // A body of another type is refused after the token is checked, so that the call changes nothing.
                let body = ["POST", "PUT"].contains(row.method) ? "{}" : nil
                let answer = try await ask(
                    HTTPMethod(rawValue: row.method), endpoint, row.path, token: nil,
                    headers: body == nil ? headers : headers.adding("Content-Type", "text/plain"), body: body)
                let expected =
                    switch (row.roles, credential.role) {
                    case (nil, _): "allowed"
                    case (_, nil): "401"
                    case (let roles?, let role?): roles.contains(role) ? "allowed" : "403"
                    }
                let found = [401, 403].contains(answer.status) ? "\(answer.status)" : "allowed"
                #expect(found == expected, "\(row.method) \(row.path) with \(credential.name): \(answer.status)")
            }
        }
    }

    private static let local =
        [
            Credential(name: "no token", token: nil, role: nil),
            Credential(name: "an empty token", token: "", role: nil),
            Credential(name: "an unknown token", token: String(repeating: "x", count: 64), role: nil),
        ] + TokenSet.Role.allCases.map { Credential(name: "local \($0)", token: tokens[$0], role: $0.rawValue) }

    @Test func `every endpoint of a manager accepts exactly the roles of the documented table`() async throws {
        let rows = try Self.rows(below: "Endpoints of a manager")
        let clock = ManualClock()
        let world = ManagerEndpointTests()
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: world.cluster), gateway: world.workers, logger: silent, now: { clock.timestamp }
        )
        #expect(Self.rows(of: .manager(manager)) == rows)
        try await withServer {
            [manager, ManagerServer(manager, options: $0, logger: silent)]
        } _: { endpoint, _ in
            try await eventually { try await ask(.GET, endpoint, "/readyz", token: nil).status != 503 }
            let admin = ManagerClient(endpoint: endpoint, token: tokens[.write], options: quiet)
            func issue(_ name: String, _ role: TokenRole, _ lifetime: Duration) async throws {
                try await admin.issueToken(
                    TokenRequest(
                        name: TokenName(rawValue: name)!, role: role, digest: .sha256(of: "secret of \(name)"),
                        lifetime: lifetime))
            }
            var credentials = Self.local
            for role in TokenRole.all {
                for state in ["valid", "expired", "revoked"] {
                    try await issue("\(role)-\(state)", role, .seconds(state == "expired" ? 60 : 3600))
                    credentials.append(
                        Credential(
                            name: "\(role)-\(state)", token: "secret of \(role)-\(state)",
                            role: state == "valid" ? role.rawValue : nil))
                }
                try await admin.revokeToken(TokenName(rawValue: "\(role)-revoked")!)
            }
            clock.advance(by: .seconds(60))
            try await check(rows, credentials, at: endpoint)
        }
    }

    @Test func `every endpoint of a worker accepts exactly the roles of the documented table`() async throws {
        let rows = try Self.rows(below: "Endpoints of a worker")
        try await WorkerEndpointTests().withService { worker, endpoint in
            #expect(Self.rows(of: .worker(worker)) == rows)
            try await check(rows, Self.local, at: endpoint)
        }
    }
}

extension HTTPHeaders {
    fileprivate func adding(_ name: String, _ value: String) -> HTTPHeaders {
        var headers = self
        headers.add(name: name, value: value)
        return headers
    }
}
