/// The connections of a listener, by id, and the decision which one to close when there are too many. A pure value.
///
/// A connection begins as a stranger and becomes a member with its first valid token. Strangers have a limit of their
/// own and displace only each other: the oldest gives way to the newest. A client that presents its token immediately
/// is therefore always served, however many strangers are connected.
struct ConnectionTable<ID: Hashable & Sendable>: Sendable {
    enum Membership: Hashable, Sendable {
        case stranger
        /// The client presented a token, from any machine.
        case member
        /// The client is on this machine, and presented a token with the role `worker` or `write`.
        case local
    }

    private struct Entry {
        var membership: Membership
        var address: String
    }

    private let limits: ServerLimits
    private var entries: [ID: Entry] = [:]
    private var counts: [Membership: Int] = [:]
    /// The strangers, oldest first.
    private var strangers: [ID] = []

    init(limits: ServerLimits) { self.limits = limits }

    func count(_ membership: Membership) -> Int { counts[membership] ?? 0 }

    /// Adds a connection as a stranger.
    ///
    /// - Returns: The connection to close in exchange, if the limit is reached.
    mutating func enter(_ id: ID, from address: String) -> ID? {
        let addresses = Dictionary(grouping: strangers) { entries[$0]?.address ?? "" }
        var leaving: ID?
        if let own = addresses[address], own.count >= limits.strangersPerAddress {
            leaving = own[0]
        } else if strangers.count >= limits.strangers {
            // Close the oldest connection among the addresses with the most connections.
            let most = addresses.values.map(\.count).max() ?? 0
            leaving = strangers.first { addresses[entries[$0]?.address ?? ""]?.count == most }
        }
        if let leaving { leave(leaving) }
        entries[id] = Entry(membership: .stranger, address: address)
        strangers.append(id)
        counts[.stranger, default: 0] += 1
        return leaving
    }

    /// Changes the membership of a connection.
    ///
    /// - Returns: Whether the connection may stay. `false` if the limit of the new membership is reached.
    mutating func promote(_ id: ID, to membership: Membership) -> Bool {
        guard let entry = entries[id] else { return true }  // The connection is already being closed.
        guard entry.membership != membership, entry.membership != .local else { return true }
        guard count(membership) < limit(of: membership) else { return entry.membership == .member }
        leave(id)
        entries[id] = Entry(membership: membership, address: entry.address)
        counts[membership, default: 0] += 1
        return true
    }

    mutating func leave(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        counts[entry.membership, default: 0] -= 1
        if entry.membership == .stranger { strangers.removeAll { $0 == id } }
    }

    func isStranger(_ id: ID) -> Bool { entries[id]?.membership == .stranger }

    private func limit(of membership: Membership) -> Int {
        switch membership {
        case .stranger: limits.strangers
        case .member: limits.connections
        case .local: limits.localConnections
        }
    }
}
