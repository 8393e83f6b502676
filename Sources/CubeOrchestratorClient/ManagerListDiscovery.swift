import CubeErrors
import CubeManagerClient
public import CubeTransport
public import CubeTypes
import Synchronization

/// Discovers the managers from the list that every manager provides. It starts with known managers (seeds) and remembers the list,
/// so that it finds managers that are added later, even if the seeds no longer exist.
///
/// - Since: 0.1
public final class ManagerListDiscovery: Discovery {
    /// The managers to start with, in order of preference.
    public let seeds: [Endpoint]
    private let ask: @Sendable (Endpoint) async throws -> [Endpoint]
    private let told = Mutex<[Endpoint]>([])

    /// - Parameters:
    ///   - seeds: the managers to start with, in order of preference.
    ///   - token: the token that the managers require over TCP.
    ///   - options: deadlines and limits of the calls that request the list. These calls are not retried.
    public convenience init(seeds: [Endpoint], token: String? = nil, options: ClientOptions = ClientOptions()) {
        var options = options
        options.retries.attempts = 1
        self.init(seeds: seeds) { [options] in
            try await ManagerClient(endpoint: $0, token: token, options: options).clusterStatus().managers
        }
    }

    /// - Parameter ask: requests the list of all managers from a manager.
    package init(seeds: [Endpoint], asking ask: @Sendable @escaping (Endpoint) async throws -> [Endpoint]) {
        self.seeds = seeds
        self.ask = ask
    }

    /// Asks one manager after another until one responds. The result starts with that manager, followed by the managers in its
    /// list and then by all other known managers.
    ///
    /// - Throws: the error of the first manager, if no manager responds.
    public func managers() async throws -> [Endpoint] {
        var failure: APIError?
        let known = Self.unique(seeds + told.withLock(\.self))
        for endpoint in known {
            do {
                let list = try await ask(endpoint)
                // A manager does not always know the address at which clients reach it.
                let found = [endpoint] + list
                told.withLock { $0 = found }
                return Self.unique(found + known)
            } catch let error as APIError {
                failure = failure ?? error
            }
        }
        throw failure ?? APIError(.unavailable, "no manager is configured")
    }

    private static func unique(_ endpoints: [Endpoint]) -> [Endpoint] {
        var met: Set<Endpoint> = []
        return endpoints.filter { met.insert($0).inserted }
    }
}
