package import CubeCore
import CubeJSON

/// The manifest reference, for a terminal and as Markdown.
package struct ManifestReferenceText: Sendable {
    /// A default that belongs to no field.
    package struct Fact: Sendable {
        let subject: String
        let sentence: String

        package init(_ subject: String, _ sentence: String) {
            self.subject = subject
            self.sentence = sentence
        }
    }

    package let entries: [ManifestReference.Entry]
    private let defaults: [Fact]
    /// Whether the page is the whole reference.
    private let isWhole: Bool

    /// The whole reference.
    ///
    /// - Parameter defaults: The defaults that belong to no field, for the end of the page.
    package init(defaults: [Fact]) {
        entries = ManifestReference.entries
        self.defaults = defaults
        isWhole = true
    }

    /// The reference of one field and the fields inside it; `nil` if there is no such field.
    ///
    /// - Parameter path: The path of the field, with or without the brackets of arrays, such as `ports.host` or
    ///   `ports[].host`.
    package init?(path: String) {
        func plain(_ path: String) -> String { path.replacing("[]", with: "") }
        let wanted = plain(path)
        entries = ManifestReference.entries.filter {
            plain($0.path) == wanted || plain($0.path).hasPrefix(wanted + ".")
        }
        defaults = []
        isWhole = false
        if entries.isEmpty { return nil }
    }

    /// Every path that ``init(path:)`` accepts.
    package static var paths: [String] { ManifestReference.entries.map(\.path) }

    // MARK: For a terminal

    /// The page in lines of at most `columns` columns. Words that are longer are not split.
    package func lines(columns: Int) -> [TextLine] {
        let width = min(max(columns, 40), 100)
        var blocks: [[TextLine]] = isWhole ? Self.introduction.map { TextLine($0).wrapped(width) } : []
        for change in ManifestReference.Change.allCases {
            let entries = entries.filter { $0.change == change }
            guard !entries.isEmpty else { continue }
            let heading = TextLine(change.heading.uppercased(), .bold)
            blocks.append([heading] + TextLine(change.sentence).wrapped(width))
            blocks += entries.map { Self.block($0, width) }
        }
        if isWhole {
            blocks.append([TextLine("OTHER DEFAULTS", .bold)])
            blocks += defaults.map {
                [TextLine("  \($0.subject)", .cyan)] + TextLine($0.sentence).wrapped(width, indentation: 6)
            }
        }
        return Array(blocks.joined(separator: [TextLine()]))
    }

    private static func block(_ entry: ManifestReference.Entry, _ width: Int) -> [TextLine] {
        let field = entry.field
        var facts = [field.form.phrase]
        if field.isRequired { facts.append("required") }
        if let standard = field.standard { facts.append("default \(standard)") }
        let sentences = [
            facts.joined(separator: "; "), field.summary, "Example: \"\(field.key)\": \(field.example.line)",
        ]
        return [TextLine("  \(entry.path)", .cyan)]
            + sentences.flatMap { TextLine($0).wrapped(width, indentation: 6) }
    }

    // MARK: As Markdown

    package var markdown: String {
        var blocks = isWhole ? ["# Manifest reference"] + Self.introduction : []
        for change in ManifestReference.Change.allCases {
            let entries = entries.filter { $0.change == change }
            guard !entries.isEmpty else { continue }
            blocks += ["## \(change.heading)", change.sentence, Self.table(entries)]
        }
        if isWhole {
            let facts = defaults.map { "- **\($0.subject)**: \($0.sentence)" }.joined(separator: "\n")
            blocks += ["## Other defaults", facts]
        }
        return blocks.joined(separator: "\n\n")
    }

    private static func table(_ entries: [ManifestReference.Entry]) -> String {
        let rows = entries.map { entry in
            let field = entry.field
            let standard = field.isRequired ? "required" : field.standard.map(code) ?? ""
            let cells = [
                "`\(entry.path)`", field.form.phrase, standard, field.summary, "`\(field.example.line)`",
            ]
            return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        return (["| Field | Type | Default | Meaning | Example |", "| --- | --- | --- | --- | --- |"] + rows)
            .joined(separator: "\n")
    }

    /// Formats a value as code, but leaves a phrase unchanged.
    private static func code(_ standard: String) -> String {
        standard.contains(" ") || standard.contains("`") ? standard : "`\(standard)`"
    }

    private static var introduction: [String] {
        let refused = ManifestReference.refusedKeys.joined(separator: ", ")
        let sentences = [
            "A *.json file contains one manifest or an array of manifests. Each manifest declares one workload, a "
                + "service or a job. Unknown keys, duplicate keys and null are errors.",
            "A duration is a string with a whole number and a unit: \"500ms\", \"5s\", \"10m\", \"24h\". A size is a number "
                + "of bytes, or a string with a whole number and a unit: \"64KiB\", \"128MiB\", \"2GiB\", \"1TiB\".",
        ]
        return refused.isEmpty
            ? sentences : sentences + ["Reserved for a later version, and rejected until then: \(refused)."]
    }
}

extension ManifestReference.Change {
    fileprivate var heading: String {
        switch self {
        case .none: "Identity and comments"
        case .replaces: "Fields that replace tasks"
        case .inPlace: "Fields that change in place"
        case .steers: "Fields that steer the reconciler"
        }
    }

    /// The effect of a change of such a field.
    fileprivate var sentence: String {
        switch self {
        case .none: "A change of the name removes one workload and adds another. Comments have no effect."
        case .replaces:
            "A change of one of these fields replaces each task of the workload, at the pace that `update` sets."
        case .inPlace:
            "A change of one of these fields is applied to the running tasks. No task is replaced or restarted."
        case .steers:
            "A change of one of these fields affects only the reconciler's next actions. No task is replaced."
        }
    }
}
