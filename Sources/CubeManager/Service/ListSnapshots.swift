import CubeCore
import CubeErrors
import CubeTypes

/// The states that lists in several pages are read from, so that all pages are true at the revision of the first.
///
/// A state is a value that shares what did not change with the present one: keeping some costs little, where refusing the
/// second page after each change would let a list of a busy cluster never end.
struct ListSnapshots {
    struct Snapshot {
        var state: ClusterState
        var owner: OwnerName?
        var tasks: [TaskID]
    }

    /// How many lists may be under way; the oldest one has to begin anew.
    private static let limit = 16

    private var snapshots: [(number: Int, snapshot: Snapshot)] = []
    private var last = 0

    /// - Returns: The number by which it is found again.
    mutating func keep(_ snapshot: Snapshot) -> Int {
        last += 1
        snapshots.append((last, snapshot))
        snapshots.removeFirst(max(0, snapshots.count - Self.limit))
        return last
    }

    func snapshot(_ number: Int) -> Snapshot? { snapshots.first { $0.number == number }?.snapshot }
}

/// Where the next page begins, as text that means nothing to others.
struct ListCursor {
    var term: Int
    var snapshot: Int
    var offset: Int

    var text: String { "\(term).\(snapshot).\(offset)" }

    init(term: Int, snapshot: Int, offset: Int) {
        self.term = term
        self.snapshot = snapshot
        self.offset = offset
    }

    init(text: String) throws(APIError) {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 3, let term = numbers[0], let snapshot = numbers[1], let offset = numbers[2], offset >= 0
        else {
            throw .invalid([
                ValidationError(field: "cursor", value: "\(text.prefix(80))", message: "is not one of a list's answer")
            ])
        }
        self.init(term: term, snapshot: snapshot, offset: offset)
    }
}
