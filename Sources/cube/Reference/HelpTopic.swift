import ArgumentParser
import CubeJSON
import CubeText

/// A page of help that is not about a single command.
enum HelpTopic {
    /// `cube --help`: the page of the argument parser. Asking for it directly saves the time in which the parser would look for other
    /// requests, a fifth of the start.
    case program
    /// `cube help manifest [FIELD …]`.
    case manifest(fields: [String])

    func show() throws {
        switch self {
        case .program: Terminal.output(verbatim: CubeCommand.helpMessage())
        case .manifest(let fields) where fields.isEmpty: ManifestReferenceText.show()
        case .manifest(let fields):
            for field in fields {
                guard let page = ManifestReferenceText(path: field) else {
                    let nearest = Suggestion.nearest(to: field, among: ManifestReferenceText.paths)
                    throw Failure(
                        "a manifest has no field \(Quoted(field))",
                        hint: nearest.map { "did you mean `cube help manifest \($0)`?" }
                            ?? "`cube help manifest` lists the fields", exitCode: .badUsage)
                }
                page.show()
            }
        }
    }
}

extension [String] {
    /// The page that these arguments request; `nil` if they request no such page.
    var helpTopic: HelpTopic? {
        if self == ["--help"] || self == ["-h"] { return .program }
        guard starts(with: ["help", "manifest"]) || starts(with: ["help", "manifests"]) else { return nil }
        return .manifest(fields: Array(dropFirst(2)))
    }
}

extension ManifestReferenceText {
    /// Writes the whole reference to standard output.
    static func show() { whole.show() }

    static var whole: ManifestReferenceText { ManifestReferenceText(defaults: ManifestDefaults.facts) }

    func show() { Terminal.output(lines(columns: Terminal.size.columns)) }
}
