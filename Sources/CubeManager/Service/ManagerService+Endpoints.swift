package import CubeCore
package import CubeTypes

extension ManagerService {
    /// Returns the selected endpoints of ready tasks.
    ///
    /// - Parameters:
    ///   - since: The revision of the last response; `nil` returns the endpoints at once. If an endpoint of any workload may have
    ///     changed after this revision, the call returns at once, too.
    ///   - wait: How long to wait for a change after `since`.
    package func endpoints(
        in selection: EndpointSelection, since: Int? = nil, wait: Duration = .zero
    ) async throws -> EndpointList {
        // A revision in the future belongs to another history, such as that of a store before its restoration.
        if let since, since <= state.revision {
            _ = try await self.wait(for: .endpoints, upTo: wait) { endpointsRevision > since ? true : nil }
        }
        return await Self.view(of: state) { $0.endpoints(in: selection) }
    }

    /// Returns the selected targets for Prometheus.
    package func prometheusTargets(in selection: EndpointSelection) async -> [PrometheusTargets] {
        await Self.view(of: state) { PrometheusTargets.groups(in: $0, selection) }
    }

    /// Returns the selected services for Traefik.
    package func traefikConfiguration(in selection: EndpointSelection) async -> TraefikConfiguration {
        await Self.view(of: state) { TraefikConfiguration(of: $0, selection) }
    }

    /// Computes a view of a state. It is not isolated to the manager, because a view of many tasks would delay its writer.
    @concurrent private nonisolated static func view<Value: Sendable>(
        of state: ClusterState, _ make: @Sendable (ClusterState) -> Value
    ) async -> Value { make(state) }
}
