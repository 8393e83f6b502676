import CubeJSON
import CubeTypes

/// A review for people: as text for a terminal, and as Markdown that can stand as a comment on a change.
package struct ReviewText: Sendable {
    private let review: Review
    private let base: String
    private let revision: String
    private let directory: String

    /// Longer values are cut: a comment is read by people.
    private static let longest = 200

    /// - Parameters:
    ///   - base: what the earlier manifests are called.
    ///   - revision: what the later manifests are called.
    ///   - directory: where the manifests are in their repository; places are told from its root.
    package init(_ review: Review, base: String, revision: String, directory: String) {
        self.review = review
        self.base = base
        self.revision = revision
        self.directory = directory
    }

    // MARK: For a terminal

    package var text: String {
        var lines: [String] = []
        for change in review.changes {
            lines.append("\(change.kind.symbol) \(change.name)  (\(place(change)))")
            lines += change.fields.map { field in
                let from = field.from.map { "\(cut($0)) -> " } ?? ""
                return "      \(field.field): \(from)\(cut(field.to ?? "(none)"))"
            }
            lines += ["    \(change.consequence)", ""]
        }
        lines.append(
            review.total.map { "From \(base) to \(revision): \($0)." } ?? "No difference from \(base) to \(revision).")
        if !review.diagnostics.isEmpty {
            lines += ["", "Not valid in \(revision):"]
            lines += review.diagnostics.map { "  \(place($0.range)): \($0.words)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func place(_ change: Review.Change) -> String { "\(path(change.file)):\(change.line)" }

    private func place(_ range: SourceRange) -> String {
        "\(path(range.filename)):\(range.start.line):\(range.start.column)"
    }

    private func path(_ file: String) -> String { directory.isEmpty ? file : "\(directory)/\(file)" }

    private func cut(_ text: String) -> String {
        text.count > Self.longest ? "\(text.prefix(Self.longest))…" : text
    }

    // MARK: For a review

    package var markdown: String {
        var lines = [
            review.total.map { "**Workloads: \($0)**, from \(base.markdownCode) to \(revision.markdownCode)." }
                ?? "**No workload changes** from \(base.markdownCode) to \(revision.markdownCode)."
        ]
        if !review.diagnostics.isEmpty {
            lines += ["", "**Not valid**: what these files declared before stays as it is.", ""]
            lines += review.diagnostics.map {
                "- \(place($0.range).markdownCode): \($0.words.markdownText) (\($0.reason.rawValue.markdownCode))"
            }
        }
        if !review.changes.isEmpty {
            lines += ["", "| | Workload | What comes of it | Declared in |", "|---|---|---|---|"]
            lines += review.changes.map { change in
                "| \(change.kind.rawValue) | \(change.name.rawValue.markdownCode) | \(change.consequence.markdownText) "
                    + "| \(place(change).markdownCode) |"
            }
        }
        for change in review.changes where !change.fields.isEmpty {
            lines += ["", "#### \(change.name.rawValue.markdownCode): \(change.kind.rawValue)", ""]
            lines +=
                change.kind == .added
                ? ["| Field | Value |", "|---|---|"] : ["| Field | From | To | |", "|---|---|---|---|"]
            lines += change.fields.map { field in
                let to = field.to.map { cut($0).markdownCode } ?? ""
                guard change.kind != .added else { return "| \(field.field.markdownCode) | \(to) |" }
                let from = field.from.map { cut($0).markdownCode } ?? ""
                return "| \(field.field.markdownCode) | \(from) | \(to) | \(field.replaces ? "replaces" : "") |"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Review.Change.Kind {
    fileprivate var symbol: String {
        switch self {
        case .added: "+"
        case .changed: "~"
        case .removed: "-"
        case .kept: "!"
        }
    }
}

extension Diagnostic {
    fileprivate var words: String { detail.isEmpty ? summary : "\(summary); \(detail)" }
}
