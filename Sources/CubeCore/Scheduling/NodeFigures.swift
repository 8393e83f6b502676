package import CubeTypes

/// The amounts of a node that policies compare. They are plain numbers, because a placement may look at thousands of nodes.
package struct NodeFigures: Hashable, Sendable {
    package var capacity: ResourceSpec
    package var reserved: ResourceSpec
    package var tasks: Int
    /// The number of ports of the node that tasks use.
    package var ports: Int

    package init(_ capacity: ResourceSpec, _ use: NodeUse) {
        self.capacity = capacity
        reserved = use.reserved
        tasks = use.tasks
        ports = use.ports.count
    }

    /// The resources that are not reserved.
    var free: ResourceSpec { capacity - reserved }

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

    private static func share(_ part: Int, of whole: Int) -> Int {
        whole == 0 ? 0 : Int(Double(part) / Double(whole) * 1_000_000)
    }
}
