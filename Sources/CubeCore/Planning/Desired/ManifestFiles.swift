package import CubeJSON
import CubeTypes

/// The manifest files of a source in their last known states, and the workloads that the readable ones define.
package struct ManifestFiles: Sendable {
    /// The files that could not be read or are invalid.
    package private(set) var unreadable: [BytePath: [Diagnostic]] = [:]
    /// The groups that the files form.
    var groups = GroupIndex()
    /// The maximum number of workloads.
    let limit: Int

    private var states: [BytePath: FileState] = [:]
    /// The readable files that define a name, and the position of the name's workload in each file.
    private var definitions: [WorkloadName: [BytePath: Int]] = [:]
    /// The number of workloads in readable files.
    private var count = 0

    init(limit: Int) { self.limit = limit }

    subscript(path: BytePath) -> FileState? { states[path] }

    var paths: some Sequence<BytePath> { states.keys }

    // MARK: Changes

    /// Sets the state of a file; `nil` means that the file is gone.
    ///
    /// - Returns: the previous state.
    mutating func set(_ path: BytePath, to new: FileState?) -> FileState? {
        let old = states[path]
        groups.change(path, from: old, to: new)
        states[path] = new
        count += (new?.count ?? 0) - (old?.count ?? 0)
        for workload in old?.workloads ?? [] {
            definitions[workload.name]?[path] = nil
            if definitions[workload.name]?.isEmpty == true { definitions[workload.name] = nil }
        }
        for (place, workload) in (new?.workloads ?? []).enumerated() {
            definitions[workload.name, default: [:]][path] = place
        }
        if case .unreadable(let diagnostics)? = new { unreadable[path] = diagnostics } else { unreadable[path] = nil }
        return old
    }

    /// Returns whether the files may still define all workloads after a snapshot.
    func admit(_ snapshot: ManifestSnapshot) -> Bool {
        let new = snapshot.files.values.reduce(0) { $0 + $1.count }
        guard snapshot.isPartial else { return new <= limit }
        return count + new - snapshot.files.keys.reduce(0) { $0 + (states[$1]?.count ?? 0) } <= limit
    }

    // MARK: Definitions

    /// Returns whether a readable file defines a name.
    func define(_ name: WorkloadName) -> Bool { definitions[name] != nil }

    /// Returns the definitions of a name in readable files, in the order of the files.
    func definitions(of name: WorkloadName) -> [Workload] {
        (definitions[name] ?? [:]).compactMap { path, place in states[path]?.workloads[place] }
            .sorted { $0.file < $1.file }
    }

    /// Returns the names that readable files below the given directories define, at any depth.
    func names(below directories: Set<BytePath>) -> Set<WorkloadName> {
        var names: Set<WorkloadName> = []
        for (path, state) in states where !directories.isDisjoint(with: path.directories) {
            names.formUnion(state.workloads.map(\.name))
        }
        return names
    }
}

extension FileState {
    /// The workloads that the file defines; empty unless it is a readable manifest.
    var workloads: [Workload] { if case .readable(let workloads, _) = self { workloads } else { [] } }

    fileprivate var count: Int { workloads.count }

    /// Returns whether two states are the same. Readable files are compared by digest, because the same bytes decode to the same
    /// workloads.
    func isSame(as other: FileState) -> Bool {
        switch (self, other) {
        case (.readable(_, let left), .readable(_, let right)): left == right
        default: self == other
        }
    }
}
