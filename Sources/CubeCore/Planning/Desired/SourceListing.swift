package import CubeJSON

/// The result of the last look at the source, except for its files.
package struct SourceListing: Sendable {
    /// The place and revision of the source; `nil` until the whole source was looked at.
    package internal(set) var revision: SourceRevision?
    /// Directories that could not be listed, and other problems that belong to no file.
    package internal(set) var problems: [Diagnostic] = []
    /// The warnings of the last look at the whole source, for example about ignored files.
    package internal(set) var warnings: [Diagnostic] = []
    /// Whether the last look at the whole source could list every directory.
    var isComplete = true

    /// Takes over what a look at the whole source, or a part of it, reports about the source.
    mutating func update(_ snapshot: ManifestSnapshot) {
        // A look at a part does not make the source known before the first look at the whole source.
        if revision != nil || !snapshot.isPartial { revision = snapshot.source }
        guard !snapshot.isPartial else { return }
        problems = snapshot.problems
        warnings = snapshot.warnings
        isComplete = snapshot.isComplete
    }

    /// Records that a snapshot was rejected because it defines too many workloads.
    mutating func reject(limit: Int) {
        let summary = "the source declares more than \(limit.grouped) workloads, so its last change was ignored"
        problems = [Diagnostic(reason: .tooMany, summary: summary, range: SourceRange(filename: "."))]
    }
}
