package import CubeJSON
package import CubeTypes

extension Diagnostic {
    /// An error for a workload name that another file already declares.
    package static func duplicateName(_ name: WorkloadName, at range: SourceRange, first: SourceRange) -> Diagnostic {
        Diagnostic(
            reason: .duplicateName, summary: duplicateSummary(name.rawValue),
            detail: "the first is at \(first.filename):\(first.start.line)", range: range)
    }

    /// The summary of an error for a duplicate name, which need not be a valid workload name.
    static func duplicateSummary(_ name: String) -> String { "\(Quoted(name)) is declared more than once" }
}
