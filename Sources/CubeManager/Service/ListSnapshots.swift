import CubeCore
import CubeErrors
import CubeTypes
import HashTreeCollections

/// The states behind lists with several pages, so that all pages show the revision of the first page.
///
/// A state is a value that shares its unchanged parts with the current state, so keeping several is cheap. Without
/// snapshots, every change would invalidate the next page, and a list of a busy cluster might never complete.
struct ListSnapshots {
    struct Snapshot {
        var state: ClusterState
        /// What the tasks of the list have in common; `nil` for any.
        var owner: OwnerName?
        var name: WorkloadName?
        var wanted: TaskState?
        /// The slots of each owner, in the order of the list.
        var slots: [[SlotKey]]

        /// A task of a list, by its slot and its place among the tasks of that slot.
        struct Place: Equatable {
            var slot = 0
            var attempt = 0
        }

        /// Returns the tasks of the list from a place on, up to a limit, and the place of the next one; `nil` if there is none.
        func tasks(from start: Place, limit: Int) -> (tasks: [TaskRecord], next: Place?) {
            var tasks: [TaskRecord] = []
            var before = 0
            for slots in slots {
                let first = max(start.slot - before, 0)
                for index in first..<max(slots.count, first) where name == nil || slots[index].name == name {
                    let skipped = before + index == start.slot ? start.attempt : 0
                    for (attempt, id) in (state.index.attempts[slots[index]] ?? []).enumerated().dropFirst(skipped) {
                        guard let task = state.records.tasks[id], wanted == nil || task.phase.state == wanted else {
                            continue
                        }
                        if tasks.count == limit { return (tasks, Place(slot: before + index, attempt: attempt)) }
                        tasks.append(task)
                    }
                }
                before += slots.count
            }
            return (tasks, nil)
        }
    }

    /// The maximum number of lists in progress. Beyond it, the oldest list must start again.
    private static let limit = 16

    private var snapshots: [(number: Int, snapshot: Snapshot)] = []
    private var last = 0

    /// - Returns: The number that identifies the snapshot.
    mutating func keep(_ snapshot: Snapshot) -> Int {
        last += 1
        snapshots.append((last, snapshot))
        snapshots.removeFirst(max(0, snapshots.count - Self.limit))
        return last
    }

    func snapshot(_ number: Int) -> Snapshot? { snapshots.first { $0.number == number }?.snapshot }
}

/// The position of the next page, as text that is opaque to callers.
struct ListCursor {
    var term: Int
    var snapshot: Int
    var place: ListSnapshots.Snapshot.Place

    var text: String { "\(term).\(snapshot).\(place.slot).\(place.attempt)" }

    init(term: Int, snapshot: Int, place: ListSnapshots.Snapshot.Place) {
        self.term = term
        self.snapshot = snapshot
        self.place = place
    }

    init(text: String) throws(APIError) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count >= 3, !numbers.contains(where: { $0 == nil || $0! < 0 }) else {
            throw .invalid([
                ValidationError(
                    field: "cursor", value: "\(text.prefix(80))", message: "is not a cursor from a list response")
            ])
        }
        guard numbers.count == 4 else {
            throw APIError(.revisionGone, "the cursor is from another version of Cube; list the tasks again")
        }
        self.init(
            term: numbers[0]!, snapshot: numbers[1]!, place: .init(slot: numbers[2]!, attempt: numbers[3]!))
    }
}
