import ArgumentParser
import CubeCore
import CubeJSON
import CubeReconciler
import CubeText
import CubeTypes

struct DiffCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show how what runs differs from what the manifests say.",
        discussion: .flowing(
            """
            Looks once and changes nothing. Values of `env` are never shown: a difference in them says `changed`. Of a field that
            needs new tasks it says that it replaces them. Of what would be started it says to which node that would go now, or
            why to none: advice, as nothing is kept for it.

            --revision takes the manifests of a commit instead of those of the directory, which must lie in a git repository.
            --base compares two states of the manifests with each other, and asks no manager: what a merge would bring. The
            comparison begins at the common ancestor of the two, as on a forge: what the base gained meanwhile is no difference.
            `--revision A...B` is short for `--base A --revision B`; `--revision A..B` compares the two as they are. Without
            --revision, the second one is the directory as it is. As Markdown it can stand as a comment on a pull request.
            Nothing is checked out.

            Exit codes: 0 no difference, 1 differences, 2 an error, such as a manifest that is not valid.

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
            "Compare with the manifests of this commit instead of the running tasks. The comparison begins at its common "
                + "ancestor with --revision.", valueName: "rev"))
    var base: String?
    @OptionGroup var names: NamesArgument
    @OptionGroup var options: PreviewOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if base != nil, options.git.url != nil { throw ValidationError("--base and --git exclude each other") }
        for (name, value) in [("--base", base), ("--revision", base == nil ? nil : options.git.localRevision)] {
            if let value, RevisionRange(value) != nil {
                throw ValidationError("\(name) \"\(value)\" is a range, which goes with --revision alone")
            }
        }
    }

    func run() async throws {
        let differs =
            if let range { try await review(range) } else { try await compareWithWhatRuns() }
        if differs { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    // MARK: What runs

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

    /// `nil` where the manifests are compared with what runs.
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
                "the manifests are not valid: \(review.diagnostics[0].message)",
                hint: "--allow-stale goes on with what they last said")
        }
        return !review.changes.isEmpty
    }
}

/// A review as programs read it.
private struct ReviewDocument: Encodable {
    /// The commits; `nil`: the directory as it is.
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
    /// The names that its readable files declare.
    fileprivate var names: [WorkloadName] {
        files.values.flatMap { state -> [WorkloadName] in
            if case .readable(let workloads, _) = state { workloads.map(\.name) } else { [] }
        }
    }
}
