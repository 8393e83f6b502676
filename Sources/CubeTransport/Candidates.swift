import CubeTypes

/// Which of several servers is asked: the one that answered last, until it fails or names another one that leads.
struct Candidates: Hashable, Sendable {
    private(set) var endpoints: [Endpoint] = []
    private(set) var chosen: Endpoint?

    /// Takes in the servers that there are, in the order in which to ask them. The chosen one stays, if it is still there.
    mutating func replace(by endpoints: [Endpoint]) {
        self.endpoints = endpoints
        if let chosen, endpoints.contains(chosen) { return }
        chosen = endpoints.first
    }

    /// Turns from a server that failed to the next one, the last to the first. What another call turned from before counts.
    mutating func turn(from failed: Endpoint) {
        guard failed == chosen else { return }
        let index = endpoints.firstIndex(of: failed).map { ($0 + 1) % endpoints.count } ?? 0
        chosen = endpoints.isEmpty ? nil : endpoints[index]
    }

    /// Turns to the server that leads, as the one that was asked says, also where it was not known.
    mutating func follow(_ leader: Endpoint, told asked: Endpoint) {
        guard asked == chosen else { return }
        chosen = leader
        if !endpoints.contains(leader) { endpoints.append(leader) }
    }
}
