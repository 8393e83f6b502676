import CubeErrors
import CubeTransport
import CubeTypes
import Testing

@testable import CubeServer

/// A row in the table of a server's calls: a public method of its client, or an endpoint without a client method.
struct ClientCall<Server: CalledServer>: Sendable, CustomTestStringConvertible {
    /// The name of the method, or the path of an endpoint without one.
    let name: String
    let role: TokenSet.Role
    /// Whether the response body is streamed, so that the call is not retried after the response head has arrived.
    let isStream: Bool
    /// The additional time that the call may take.
    let wait: Duration
    /// Whether the call waits indefinitely for a server.
    let isPatient: Bool
    /// Creates the subject of the call.
    let prepare: @Sendable (Server) async throws -> Void
    let make: @Sendable (Server.Client, Server) async throws -> Void

    init(
        _ name: String, as role: TokenSet.Role = Server.role, isStream: Bool = false, wait: Duration = .zero,
        isPatient: Bool = false, after prepare: @Sendable @escaping (Server) async throws -> Void = { _ in },
        _ make: @Sendable @escaping (Server.Client, Server) async throws -> Void
    ) {
        self.name = name
        self.role = role
        self.isStream = isStream
        self.wait = wait
        self.isPatient = isPatient
        self.prepare = prepare
        self.make = make
    }

    var testDescription: String { name }
}

/// A kind of server, with its client and its table of calls.
protocol CalledServer: Sendable {
    associatedtype Client: Sendable
    /// The whole observable state of the server. Two values are equal if nothing was changed in between.
    associatedtype State: Hashable & Sendable

    /// The role that most calls require.
    static var role: TokenSet.Role { get }
    static var calls: [ClientCall<Self>] { get }
    /// The source files of the client's methods, in the repository.
    static var clientSources: String { get }

    /// Runs a server with a fixed initial state.
    static func run(_ body: (Self, Endpoint) async throws -> Void) async throws
    static func client(
        _ wire: any Wire, token: String?, options: ClientOptions, clock: (any Clock<Duration>)?
    ) -> Client
    func state() async throws -> State
}
