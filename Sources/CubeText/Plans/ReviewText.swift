package import CubeCore
import CubeJSON
import CubeTypes

/// A review, as text for a terminal and as Markdown for a comment on a pull request.
package struct ReviewText: Sendable {
    private let review: Review
    private let base: String
    private let revision: String
    private let directory: String

    /// The maximum length of a value in bytes. Longer values are cut.
    private static let longest = 200

    /// - Parameters:
    ///   - base: The name of the earlier manifests.
    ///   - revision: The name of the later manifests.
    ///   - directory: The path of the manifests in their repository. Paths in the text are relative to the root of the
    ///     repository.
    package init(_ review: Review, base: String, revision: String, directory: String) {
        self.review = review
        self.base = base
        self.revision = revision
        self.directory = directory
    }

    // MARK: For a terminal

    /// The text without styles.
    package var text: String { lines.text }

    package var lines: [TextLine] {
        var lines: [TextLine] = []
        for change in review.changes {
            let symbol = change.kind.symbol
            lines.append("\(symbol.rawValue, symbol.style) \(change.name, .bold)  (\(place(change)))")
            lines += change.fields.map { field in
                let from = field.from.map { "\(cut($0)) -> " } ?? ""
                return "      \(field.field): \(from)\(cut(field.to ?? "(none)"))"
            }
            lines += ["    \(change.consequence)", ""]
        }
        lines.append(
            review.total.map { "From \(base) to \(revision): \($0)." } ?? "No differences from \(base) to \(revision).")
        if !review.diagnostics.isEmpty {
            lines += ["", "\("Invalid in \(revision):", .red)"]
            lines += review.diagnostics.map { "  \(place($0.range)): \($0.words)" }
        }
        return lines
    }

    private func place(_ change: Review.Change) -> String { "\(path(change.file)):\(change.line)" }

    private func place(_ range: SourceRange) -> String {
        "\(path(range.filename)):\(range.start.line):\(range.start.column)"
    }

    private func path(_ file: String) -> String { directory.isEmpty ? file : "\(directory)/\(file)" }

    private func cut(_ text: String) -> String { text.shortened(to: Self.longest) }

    // MARK: For a review

    package var markdown: [MarkdownLine] {
        var lines: [MarkdownLine] = [
            review.total.map { "**Workloads: \($0)**, from \(code: base) to \(code: revision)." }
                ?? "**No workload changes** from \(code: base) to \(code: revision)."
        ]
        if !review.diagnostics.isEmpty {
            lines += ["", "**Invalid files**: the workloads that these files declared before stay unchanged.", ""]
            lines += review.diagnostics.map {
                "- \(code: place($0.range)): \($0.words) (\(code: $0.reason.rawValue))"
            }
        }
        if !review.changes.isEmpty {
            lines += ["", "| | Workload | Effect | Declared in |", MarkdownLine.rule(columns: 4)]
            lines += review.changes.map { change in
                .row([
                    "\(change.kind.rawValue)", "\(code: change.name)", "\(change.consequence)",
                    "\(code: place(change))",
                ])
            }
        }
        for change in review.changes where !change.fields.isEmpty {
            lines += ["", "#### \(code: change.name): \(change.kind.rawValue)", ""]
            lines +=
                change.kind == .added
                ? ["| Field | Value |", MarkdownLine.rule(columns: 2)]
                : ["| Field | From | To | |", MarkdownLine.rule(columns: 4)]
            lines += change.fields.map { field in
                let (from, to) = (value(field.from), value(field.to))
                return change.kind == .added
                    ? .row(["\(code: field.field)", to])
                    : .row(["\(code: field.field)", from, to, field.replaces ? "replaces" : ""])
            }
        }
        return lines
    }

    private func value(_ text: String?) -> MarkdownLine { text.map { "\(code: cut($0))" } ?? "" }
}

extension Review {
    /// The numbers of added, changed, removed and kept workloads, in words; `nil` if there are none.
    fileprivate var total: String? {
        let kinds: [(Change.Kind, String)] = [
            (.added, "added"), (.changed, "changed"), (.removed, "removed"), (.kept, "kept"),
        ]
        let counts = kinds.map { kind, word in (changes.count { $0.kind == kind }, word) }.filter { $0.0 > 0 }
        return counts.isEmpty ? nil : counts.map { "\($0) \($1)" }.joined(separator: ", ")
    }
}

extension Review.Change.Kind {
    fileprivate var symbol: ChangeSymbol {
        switch self {
        case .added: .start
        case .changed: .change
        case .removed: .stop
        case .kept: .look
        }
    }
}

extension Diagnostic {
    fileprivate var words: String { detail.isEmpty ? summary : "\(summary); \(detail)" }
}
