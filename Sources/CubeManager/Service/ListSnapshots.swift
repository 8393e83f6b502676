import CubeCore
import CubeErrors
import CubeTypes

/// The states behind lists with several pages, so that all pages show the revision of the first page.
///
/// A state is a value that shares its unchanged parts with the current state, so keeping several is cheap. Without
/// snapshots, every change would invalidate the next page, and a list of a busy cluster might never complete.
struct ListSnapshots {
    struct Snapshot {
        var state: ClusterState
        var owner: OwnerName?
        var tasks: [TaskID]
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
                ValidationError(
                    field: "cursor", value: "\(text.prefix(80))", message: "is not a cursor from a list response")
            ])
        }
        self.init(term: term, snapshot: snapshot, offset: offset)
    }
}
