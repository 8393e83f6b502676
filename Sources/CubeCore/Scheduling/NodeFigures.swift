package import CubeTypes

/// The amounts of a node that policies compare. They are plain numbers, because a placement may look at thousands of nodes.
package struct NodeFigures: Hashable, Sendable {
    package let capacity: ResourceSpec
    package let reserved: ResourceSpec
    /// The reserved share of the scarcest resource, in millionths.
    let load: Int
    package let tasks: Int
    /// The place of the node among all nodes by name, which breaks ties.
    let rank: Int

    package init(_ capacity: ResourceSpec, _ use: NodeUse, rank: Int = 0) {
        self.capacity = capacity
        self.rank = rank
        reserved = use.reserved
        load = Self.load(use.reserved, of: capacity)
        tasks = use.tasks
    }

    /// The resources that are not reserved.
    var free: ResourceSpec { capacity - reserved }

    /// Returns `true` only if the load with a task is above a limit, and always if it is above by more than two millionths. Needs no
    /// division.
    func isLoad(with demand: ResourceSpec, above limit: Int) -> Bool {
        if load > limit { return true }
        guard Double(limit) < Self.mostShares * 1_000_000 else { return false }
        let most = Double(limit) + 2
        func isAbove(_ part: Int, of whole: Int) -> Bool {
            whole > 0 && Double(part) * 1_000_000 > most * Double(whole)
        }
        return isAbove(reserved.millicores + demand.millicores, of: capacity.millicores)
            || isAbove(reserved.memory + demand.memory, of: capacity.memory)
            || isAbove(reserved.disk + demand.disk, of: capacity.disk)
    }

    /// The reserved share of the scarcest resource after a task is placed, in millionths.
    func load(with demand: ResourceSpec) -> Int { Self.load(reserved + demand, of: capacity) }

    /// The reserved share of the scarcest resource, in millionths.
    static func load(_ reserved: ResourceSpec, of capacity: ResourceSpec) -> Int {
        max(
            share(reserved.millicores, of: capacity.millicores), share(reserved.memory, of: capacity.memory),
            share(reserved.disk, of: capacity.disk))
    }

    /// The sum of the shares of processors, memory and disk that are free after a task is placed, in millionths.
    func room(after demand: ResourceSpec) -> Int {
        let rest = free - demand
        return Self.share(rest.millicores, of: capacity.millicores) + Self.share(rest.memory, of: capacity.memory)
            + Self.share(rest.disk, of: capacity.disk)
    }

    /// The largest share that is told from larger ones. A node that registers again with a fraction of its size may have any share.
    private static let mostShares = 1e9

    private static func share(_ part: Int, of whole: Int) -> Int {
        whole == 0 ? 0 : Int(min(max(Double(part) / Double(whole), -mostShares), mostShares) * 1_000_000)
    }
}
