import CubeCore
import CubeTypes
import HashTreeCollections

/// The slots of each owner in the order of lists.
///
/// The state does not keep them sorted, as few callers list all tasks. An order that was needed once is kept, and the slots that came
/// and went since are merged into it, because sorting all slots of a large cluster would hold up everybody else.
struct SlotOrder {
    private var known: [OwnerName: Order] = [:]

    /// The number of owners whose order is kept.
    private static let limit = 64

    private struct Order {
        var slots: TreeSet<SlotKey> = []
        var sorted: [SlotKey] = []

        mutating func follow(_ current: TreeSet<SlotKey>) {
            guard slots != current else { return }
            let gone = slots.subtracting(current)
            let kept = gone.isEmpty ? sorted : sorted.filter { !gone.contains($0) }
            sorted = kept.merged(with: current.subtracting(slots).sorted())
            slots = current
        }
    }

    /// Returns the slots of an owner, sorted.
    ///
    /// - Parameter slots: the present slots.
    mutating func sorted(_ slots: TreeSet<SlotKey>, of owner: OwnerName) -> [SlotKey] {
        guard !slots.isEmpty else {
            known[owner] = nil
            return []
        }
        if known[owner] == nil, known.count >= Self.limit { known = [:] }
        known[owner, default: Order()].follow(slots)
        return known[owner]?.sorted ?? []
    }
}

extension [SlotKey] {
    /// Returns the elements of two sorted arrays, sorted.
    fileprivate func merged(with others: [SlotKey]) -> [SlotKey] {
        var merged: [SlotKey] = []
        merged.reserveCapacity(count + others.count)
        var rest = self[...]
        for other in others {
            // The others are few, so their places are found by halves.
            var (low, high) = (rest.startIndex, rest.endIndex)
            while low < high {
                let middle = (low + high) / 2
                if rest[middle] < other { low = middle + 1 } else { high = middle }
            }
            merged += rest[..<low]
            merged.append(other)
            rest = rest[low...]
        }
        return merged + rest
    }
}
