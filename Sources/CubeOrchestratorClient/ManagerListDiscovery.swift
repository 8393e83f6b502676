import CubeErrors
import CubeManagerClient
public import CubeTransport
public import CubeTypes
import Synchronization

/// What the managers say themselves of where all of them are. It begins with some that are known, and remembers those that it
/// was told of: one that was added is found, and that which it began with may go.
///
/// - Since: 0.1
public final class ManagerListDiscovery: Discovery {
    /// Those to begin with, in the order in which to ask them.
    public let seeds: [Endpoint]
    private let ask: @Sendable (Endpoint) async throws -> [Endpoint]
    private let told = Mutex<[Endpoint]>([])

    /// - Parameters:
    ///   - seeds: those to begin with, in the order in which to ask them.
    ///   - token: what they ask for on TCP.
    ///   - options: deadlines and limits of the calls that ask for the list, each of which is made once.
    public convenience init(seeds: [Endpoint], token: String? = nil, options: ClientOptions = ClientOptions()) {
        var options = options
        options.retries.attempts = 1
        self.init(seeds: seeds) { [options] in
            try await ManagerClient(endpoint: $0, token: token, options: options).clusterStatus().managers
        }
    }

    /// - Parameter ask: asks a manager where all are.
    package init(seeds: [Endpoint], asking ask: @Sendable @escaping (Endpoint) async throws -> [Endpoint]) {
        self.seeds = seeds
        self.ask = ask
    }

    /// Asks one after the other until one answers. It comes first, then those that it told of, then the others.
    ///
    /// - Throws: where none answers, why the first one did not.
    public func managers() async throws -> [Endpoint] {
        var failure: APIError?
        let known = Self.unique(seeds + told.withLock(\.self))
        for endpoint in known {
            do {
                let list = try await ask(endpoint)
                // Who answers may not know where others reach it.
                let found = [endpoint] + list
                told.withLock { $0 = found }
                return Self.unique(found + known)
            } catch let error as APIError {
                failure = failure ?? error
            }
        }
        throw failure ?? APIError(.unavailable, "no manager is named")
    }

    private static func unique(_ endpoints: [Endpoint]) -> [Endpoint] {
        var met: Set<Endpoint> = []
        return endpoints.filter { met.insert($0).inserted }
    }
}
