/// Which connections a listener has, and which one goes where there are too many: a pure value, by the ids of connections.
///
/// A connection begins as a stranger's and becomes a member's with the first valid token. Strangers have a number of their own
/// and crowd out only each other: the oldest one gives way to the newest, so a client that presents its token at once gets in
/// whatever number of others wait.
struct ConnectionTable<ID: Hashable & Sendable>: Sendable {
    enum Membership: Hashable, Sendable {
        case stranger
        /// It presented a token, from anywhere.
        case member
        /// It belongs to this machine, and presented a token of those that work or write.
        case local
    }

    private struct Entry {
        var membership: Membership
        var address: String
    }

    private let limits: ServerLimits
    private var entries: [ID: Entry] = [:]
    private var counts: [Membership: Int] = [:]
    /// Oldest first.
    private var strangers: [ID] = []

    init(limits: ServerLimits) { self.limits = limits }

    func count(_ membership: Membership) -> Int { counts[membership] ?? 0 }

    /// Takes in a stranger's connection.
    ///
    /// - Returns: A connection to close, so that there is room for this one.
    mutating func enter(_ id: ID, from address: String) -> ID? {
        let addresses = Dictionary(grouping: strangers) { entries[$0]?.address ?? "" }
        var leaving: ID?
        if let own = addresses[address], own.count >= limits.strangersPerAddress {
            leaving = own[0]
        } else if strangers.count >= limits.strangers {
            // The address with the most pays; of several such ones, that whose connection is the oldest.
            let most = addresses.values.map(\.count).max() ?? 0
            leaving = strangers.first { addresses[entries[$0]?.address ?? ""]?.count == most }
        }
        if let leaving { leave(leaving) }
        entries[id] = Entry(membership: .stranger, address: address)
        strangers.append(id)
        counts[.stranger, default: 0] += 1
        return leaving
    }

    /// Gives a connection another membership.
    ///
    /// - Returns: Whether it has it now. It has not where there are as many of that membership as there may be.
    mutating func promote(_ id: ID, to membership: Membership) -> Bool {
        guard let entry = entries[id] else { return true }  // It is being closed.
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
