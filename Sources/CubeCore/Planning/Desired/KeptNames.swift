import CubeTypes

/// The names that are kept unchanged although no readable file defines them: an unreadable file may still define them, or they
/// belonged to a group that must not change.
struct KeptNames: Sendable {
    /// The unreadable files that keep each name, and the names that each of these files keeps.
    private var files: [WorkloadName: Set<BytePath>] = [:]
    private var names: [BytePath: Set<WorkloadName>] = [:]
    /// The unreadable files whose names are not known. While there are any, no name is proved to be gone.
    private var unknown: Set<BytePath> = []
    /// The names whose files disappeared from a group that must not change.
    private var withheld: [WorkloadName: KeptReason] = [:]

    func contains(_ name: WorkloadName) -> Bool { files[name] != nil || withheld[name] != nil }

    /// Returns why a name is kept; `nil` if it is not.
    func reason(of name: WorkloadName) -> KeptReason? {
        files[name].map { .unreadable(files: $0.sorted()) } ?? withheld[name]
    }

    /// Whether the names of every unreadable file are known.
    var areAllKnown: Bool { unknown.isEmpty }

    /// Updates the names that a file keeps, after the state of the file or the knowledge about its names changed.
    ///
    /// - Returns: the names to resolve again. This includes names that the file kept before, because the problem with the file
    ///   may have changed.
    mutating func update(_ path: BytePath, isUnreadable: Bool, _ known: KnownNames) -> Set<WorkloadName> {
        let (old, new) = (names[path] ?? [], isUnreadable ? known.names(of: path) : [])
        names[path] = new.isEmpty ? nil : new
        for name in old.subtracting(new) {
            files[name]?.remove(path)
            if files[name]?.isEmpty == true { files[name] = nil }
        }
        for name in new.subtracting(old) { files[name, default: []].insert(path) }
        unknown.set(path, isUnreadable && !ManifestGroup.isFile(path) && !known.areKnown(of: path))
        return old.union(new)
    }

    // MARK: Groups

    /// Replaces the names that groups keep.
    ///
    /// - Returns: the names to resolve again.
    mutating func withhold(_ names: [WorkloadName: KeptReason]) -> Set<WorkloadName> {
        defer { withheld = names }
        return Set(withheld.keys).union(names.keys)
    }

    /// Keeps a name because of a group, or ceases to if there is no reason.
    mutating func withhold(_ name: WorkloadName, _ reason: KeptReason?) { withheld[name] = reason }
}
