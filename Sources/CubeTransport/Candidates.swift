import CubeTypes

/// The choice among several servers: the chosen server stays until it fails, or until it names another server as the leader.
struct Candidates: Hashable, Sendable {
    private(set) var endpoints: [Endpoint] = []
    private(set) var chosen: Endpoint?

    /// Replaces the list of servers, which is in order of preference. The chosen server stays if the new list contains it.
    mutating func replace(by endpoints: [Endpoint]) {
        self.endpoints = endpoints
        if let chosen, endpoints.contains(chosen) { return }
        chosen = endpoints.first
    }

    /// Moves from a failed server to the next one, cyclically. Does nothing if another call has already moved on.
    mutating func turn(from failed: Endpoint) {
        guard failed == chosen else { return }
        let index = endpoints.firstIndex(of: failed).map { ($0 + 1) % endpoints.count } ?? 0
        chosen = endpoints.isEmpty ? nil : endpoints[index]
    }

    /// Moves to the server that the asked server named as the leader, even if the list does not contain the leader.
    mutating func follow(_ leader: Endpoint, told asked: Endpoint) {
        guard asked == chosen else { return }
        chosen = leader
        if !endpoints.contains(leader) { endpoints.append(leader) }
    }
}
