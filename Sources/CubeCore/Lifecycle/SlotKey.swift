package import CubeTypes

/// The key of a slot: one replica of one workload. A slot has a sequence of tasks over time.
package struct SlotKey: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    package let owner: OwnerName
    package let name: WorkloadName
    package let ordinal: Int

    package init(owner: OwnerName, name: WorkloadName, ordinal: Int) {
        self.owner = owner
        self.name = name
        self.ordinal = ordinal
    }

    package var workload: WorkloadKey { WorkloadKey(owner: owner, name: name) }
    package var description: String { "\(owner)/\(name)/\(ordinal)" }

    package static func < (left: SlotKey, right: SlotKey) -> Bool {
        (left.owner, left.name, left.ordinal) < (right.owner, right.name, right.ordinal)
    }
}

/// The key of a workload: its owner and name.
package struct WorkloadKey: Hashable, Sendable {
    package let owner: OwnerName
    package let name: WorkloadName

    package init(owner: OwnerName, name: WorkloadName) {
        self.owner = owner
        self.name = name
    }
}
