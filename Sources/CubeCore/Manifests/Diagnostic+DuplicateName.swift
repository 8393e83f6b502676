package import CubeJSON
package import CubeTypes

extension Diagnostic {
    /// A name that another file declares already.
    package static func duplicateName(_ name: WorkloadName, at range: SourceRange, first: SourceRange) -> Diagnostic {
        Diagnostic(
            reason: .duplicateName, summary: duplicateSummary(name.rawValue),
            detail: "the first is at \(first.filename):\(first.start.line)", range: range)
    }

    /// The same for whatever stands as a name in one file, twice.
    static func duplicateSummary(_ name: String) -> String { "\(Quoted(name)) is declared more than once" }
}
