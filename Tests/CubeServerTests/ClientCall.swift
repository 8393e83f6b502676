import CubeErrors
import CubeTransport
import CubeTypes
import Testing

@testable import CubeServer

/// A row of the table of a server's calls: a public method of its client, or an endpoint that no client has a method for.
struct ClientCall<Server: CalledServer>: Sendable, CustomTestStringConvertible {
    /// The method's name; for an endpoint without one its path.
    let name: String
    let role: TokenSet.Role
    /// Whether its body is read as it comes, so that nothing is asked again once its head is there.
    let isStream: Bool
    /// How much longer than others it may take in all.
    let wait: Duration
    /// Whether it goes on until somebody serves it, however long that takes.
    let isPatient: Bool
    /// Makes what the call is about.
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

/// A kind of server, with its client and the table of its calls.
protocol CalledServer: Sendable {
    associatedtype Client: Sendable
    /// All that it holds, as it tells it; two are equal where nothing was done in between.
    associatedtype State: Hashable & Sendable

    /// The role that most calls need.
    static var role: TokenSet.Role { get }
    static var calls: [ClientCall<Self>] { get }
    /// Where the client's methods stand, in the repository.
    static var clientSources: String { get }

    /// Runs one that always begins the same.
    static func run(_ body: (Self, Endpoint) async throws -> Void) async throws
    static func client(
        _ wire: any Wire, token: String?, options: ClientOptions, clock: (any Clock<Duration>)?
    ) -> Client
    func state() async throws -> State
}
