import ArgumentParser
import CubeCore
import CubeJSON
import CubeReconciler
import CubeText
import CubeTypes

struct DiffCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show the differences between the running tasks and the manifests.",
        discussion: .flowing(
            """
            Changes nothing. Values of `env` are never shown; a difference in a value is shown as `changed`. A field
            whose change replaces tasks is marked. For tasks to start, the output also names the node on which the
            manager would place them now, or the reason why none fits. This is a forecast, not a reservation.

            --revision uses the manifests of a git revision instead of those in the directory, which must be in a git
            repository. --base compares two states of the manifests with each other, without a manager, and shows what a
            merge would change. As on a forge, the comparison begins at the common ancestor of both, so that later
            changes on the base do not count. `--revision A...B` is short for `--base A --revision B`; `--revision A..B`
            compares A and B directly. Without --revision, --base compares with the directory as it is. The Markdown
            output is suitable as a comment on a pull request. The working tree is never changed.

            Exit codes: 0 no differences, 1 differences, 2 error, such as an invalid manifest.

            Examples:
              cube diff
              cube diff web api
              cube diff -o json
              cube diff --revision v1.2
              cube diff --base origin/main --revision HEAD -o markdown
              cube diff --revision v1.2..v1.3
            """))

    static let statusOfErrors = ExitStatus.trouble

    @Option(
        help: ArgumentHelp(
            "Compare with the manifests of this revision instead of the running tasks. The comparison begins at its "
                + "common ancestor with --revision.", valueName: "rev"))
    var base: String?
    @OptionGroup var names: NamesArgument
    @OptionGroup var options: PreviewOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if base != nil, options.git.url != nil { throw ValidationError("--base and --git cannot be combined") }
        for (name, value) in [("--base", base), ("--revision", base == nil ? nil : options.git.localRevision)] {
            if let value, RevisionRange(value) != nil {
                throw ValidationError("\(name) \"\(value)\" is a range; only --revision without --base accepts a range")
            }
        }
    }

    func run() async throws {
        let differs =
            if let range { try await review(range) } else { try await compareWithWhatRuns() }
        if differs { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    // MARK: Running tasks

    private func compareWithWhatRuns() async throws -> Bool {
        let preview = try await options.preview()
        try names.require(knownIn: preview.planner.names)
        let diffs = try await preview.diffs(options.cluster()).filter { names.contains($0.name) }
        let text = WorkloadDiffText(
            diffs, source: preview.plan.summary.source.words,
            unmanaged: names.isAll ? preview.plan.findings.filter { $0.reason == Finding.unmanaged } : [])
        switch output.output {
        case .json: Terminal.output(json: try JSONText.pretty(diffs))
        case .markdown: Terminal.output(text.markdown)
        case .text: Terminal.output(text.lines)
        }
        return !diffs.isEmpty
    }

    // MARK: Two states of the manifests

    /// The two revisions to compare; `nil` to compare the manifests with the running tasks.
    private var range: RevisionRange? {
        let revision = options.git.localRevision
        return base.map { RevisionRange(base: $0, revision: revision, isFromCommonAncestor: true) }
            ?? revision.flatMap { RevisionRange($0) }
    }

    private func review(_ range: RevisionRange) async throws -> Bool {
        let revision = range.revision
        let reader = try RevisionReader(options.manager.place)
        let base = try await reader.base(of: range)
        let old = try await reader.manifests(at: base)
        let new = try await reader.manifests(at: revision)
        try names.require(knownIn: [old, new].flatMap(\.names))
        var review = Review(base: old, revision: new)
        review.changes.removeAll { !names.contains($0.name) }
        let document = ReviewDocument(
            base: old.source.commit, revision: revision == nil ? nil : new.source.commit, review: review)
        let text = ReviewText(
            review, base: document.base.map { String($0.prefix(12)) } ?? base,
            revision: document.revision.map { String($0.prefix(12)) } ?? "the directory as it is",
            directory: try await reader.path())
        switch output.output {
        case .json: Terminal.output(json: try JSONText.pretty(document))
        case .text: Terminal.output(text.lines)
        case .markdown: Terminal.output(text.markdown)
        }
        if !review.diagnostics.isEmpty, !options.allowStale {
            throw Failure(
                "the manifests are invalid: \(review.diagnostics[0].message)",
                hint: "--allow-stale ignores this")
        }
        return !review.changes.isEmpty
    }
}

/// The JSON form of a review.
private struct ReviewDocument: Encodable {
    /// The commits that are compared; `nil` is the directory as it is.
    var base: String?
    var revision: String?
    var review: Review

    enum CodingKeys: String, CodingKey { case base, revision }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(base, forKey: .base)
        try container.encode(revision, forKey: .revision)
        try review.encode(to: encoder)
    }
}

extension ManifestSnapshot {
    /// The names that the readable files declare.
    fileprivate var names: [WorkloadName] {
        files.values.flatMap { state -> [WorkloadName] in
            if case .readable(let workloads, _) = state { workloads.map(\.name) } else { [] }
        }
    }
}
