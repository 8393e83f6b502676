/// Which connections a listener has, and which one goes where there are too many: a pure value, by the ids of connections.
///
/// A connection begins as a stranger's and becomes a member's with the first valid token. Strangers have a number of their own
/// and crowd out only each other: the oldest one gives way to the newest, so a client that presents its token at once gets in
/// whatever number of others wait.
struct ConnectionTable<ID: Hashable & Sendable>: Sendable {
    enum Standing: Hashable, Sendable {
        case stranger
        /// It presented a token, from anywhere.
        case member
        /// It belongs to this machine, and presented a token of those that work or write.
        case local
    }

    private struct Entry {
        var standing: Standing
        var address: String
    }

    private let limits: ServerLimits
    private var entries: [ID: Entry] = [:]
    private var counts: [Standing: Int] = [:]
    /// Oldest first.
    private var strangers: [ID] = []

    init(limits: ServerLimits) { self.limits = limits }

    func count(_ standing: Standing) -> Int { counts[standing] ?? 0 }

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
        entries[id] = Entry(standing: .stranger, address: address)
        strangers.append(id)
        counts[.stranger, default: 0] += 1
        return leaving
    }

    /// Gives a connection another standing.
    ///
    /// - Returns: Whether it has it now. It has not where there are as many of that standing as there may be.
    mutating func promote(_ id: ID, to standing: Standing) -> Bool {
        guard let entry = entries[id] else { return true }  // It is being closed.
        guard entry.standing != standing, entry.standing != .local else { return true }
        guard count(standing) < limit(of: standing) else { return entry.standing == .member }
        leave(id)
        entries[id] = Entry(standing: standing, address: entry.address)
        counts[standing, default: 0] += 1
        return true
    }

    mutating func leave(_ id: ID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        counts[entry.standing, default: 0] -= 1
        if entry.standing == .stranger { strangers.removeAll { $0 == id } }
    }

    func isStranger(_ id: ID) -> Bool { entries[id]?.standing == .stranger }

    private func limit(of standing: Standing) -> Int {
        switch standing {
        case .stranger: limits.strangers
        case .member: limits.connections
        case .local: limits.localConnections
        }
    }
}
