import CubeCore
import CubeJSON

/// The reference of manifests as a page for a terminal and as Markdown.
struct ManifestReferenceText {
    let entries: [ManifestReference.Entry]
    /// Whether the page tells of more than the entries: it is the whole reference.
    let isWhole: Bool

    /// The whole reference.
    init() {
        entries = ManifestReference.entries
        isWhole = true
    }

    /// One field with the fields inside of it; `nil` where there is no such field.
    ///
    /// - Parameter path: The way to the field, with or without the brackets of arrays: `ports.host`, `ports[].host`.
    init?(path: String) {
        func plain(_ path: String) -> String { path.replacing("[]", with: "") }
        let wanted = plain(path)
        entries = ManifestReference.entries.filter {
            plain($0.path) == wanted || plain($0.path).hasPrefix(wanted + ".")
        }
        isWhole = false
        if entries.isEmpty { return nil }
    }

    /// Every path that ``init(path:)`` knows.
    static var paths: [String] { ManifestReference.entries.map(\.path) }

    // MARK: For a terminal

    func text(_ terminal: Terminal, columns: Int) -> String {
        let width = min(max(columns, 40), 100)
        var blocks: [String] = isWhole ? [Self.introduction.map { $0.wrapped(width) }.joined(separator: "\n\n")] : []
        for change in ManifestReference.Change.allCases {
            let entries = entries.filter { $0.change == change }
            guard !entries.isEmpty else { continue }
            let heading =
                terminal.shown(TextLine(change.heading.uppercased(), .bold)) + "\n" + change.sentence.wrapped(width)
            blocks.append(heading)
            blocks += entries.map { block($0, terminal, width) }
        }
        if isWhole {
            blocks.append(terminal.shown(TextLine("OTHER DEFAULTS", .bold)))
            blocks += ManifestDefaults.facts.map {
                terminal.shown(TextLine("  \($0.subject)", .cyan)) + "\n" + $0.sentence.wrapped(width, indentation: 6)
            }
        }
        return blocks.joined(separator: "\n\n")
    }

    private func block(_ entry: ManifestReference.Entry, _ terminal: Terminal, _ width: Int) -> String {
        let field = entry.field
        var facts = [field.form.phrase]
        if field.isRequired { facts.append("required") }
        if let standard = field.standard { facts.append("default \(standard)") }
        let lines = [
            terminal.shown(TextLine("  \(entry.path)", .cyan)),
            facts.joined(separator: "; ").wrapped(width, indentation: 6),
            field.summary.wrapped(width, indentation: 6),
            "Example: \"\(field.key)\": \(field.example.line)".wrapped(width, indentation: 6),
        ]
        return lines.joined(separator: "\n")
    }

    // MARK: As Markdown

    var markdown: String {
        var blocks = isWhole ? ["# Manifest reference"] + Self.introduction : []
        for change in ManifestReference.Change.allCases {
            let entries = entries.filter { $0.change == change }
            guard !entries.isEmpty else { continue }
            blocks += ["## \(change.heading)", change.sentence, Self.table(entries)]
        }
        if isWhole {
            let facts = ManifestDefaults.facts.map { "- **\($0.subject)**: \($0.sentence)" }.joined(separator: "\n")
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

    /// A value as code; words stay words.
    private static func code(_ standard: String) -> String {
        standard.contains(" ") || standard.contains("`") ? standard : "`\(standard)`"
    }

    private static var introduction: [String] {
        [
            "A file named *.json holds one manifest or an array of manifests. Each manifest declares one workload: a "
                + "service or a job. Unknown keys, duplicate keys and null are errors.",
            "A duration is a string of a whole number and a unit: \"500ms\", \"5s\", \"10m\", \"24h\". A size is a number "
                + "of bytes, or a string of a whole number and a unit: \"64KiB\", \"128MiB\", \"2GiB\", \"1TiB\".",
            "Reserved for a later version, and refused until then: "
                + ManifestReference.refusedKeys.joined(separator: ", ") + ".",
        ]
    }
}

extension ManifestReference.Change {
    var heading: String {
        switch self {
        case .none: "Identity and remarks"
        case .replaces: "Fields that replace"
        case .inPlace: "Fields that change in place"
        case .steers: "Fields that steer the reconciler"
        }
    }

    /// What a change of such a field does.
    var sentence: String {
        switch self {
        case .none: "A change of the name removes one workload and adds another. Remarks change nothing."
        case .replaces: "A change of one of these fields replaces each task of the workload, as `update` says."
        case .inPlace: "A change of one of these fields reaches the running tasks. No task is replaced or restarted."
        case .steers:
            "A change of one of these fields changes what the reconciler does next. No task is replaced for it."
        }
    }
}

extension String {
    /// The same words on lines of at most so many columns; a word that is longer has a line of its own.
    func wrapped(_ columns: Int, indentation: Int = 0) -> String {
        let margin = String(repeating: " ", count: indentation)
        var lines: [String] = []
        for word in split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(margin + word)
            }
        }
        return lines.joined(separator: "\n")
    }
}
