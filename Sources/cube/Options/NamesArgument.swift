import ArgumentParser
import CubeJSON
import CubeTypes

/// The workloads that a view is limited to.
struct NamesArgument: ParsableArguments {
    @Argument(help: "Workloads; all where none is named.", transform: WorkloadName.parse)
    var names: [WorkloadName] = []

    var isAll: Bool { names.isEmpty }

    func contains(_ name: WorkloadName) -> Bool { names.isEmpty || names.contains(name) }

    /// - Throws: A `Failure` where nobody knows one of them.
    func require(knownIn known: some Sequence<WorkloadName>) throws { try names.require(knownIn: known) }
}

extension [WorkloadName] {
    /// - Throws: A `Failure` that names the first workload that nobody knows, and the nearest one that is known.
    func require(knownIn known: some Sequence<WorkloadName>) throws {
        let known = Set(known)
        guard let missing = first(where: { !known.contains($0) }) else { return }
        let nearest = Suggestion.nearest(to: missing.rawValue, among: known.map(\.rawValue).sorted())
        throw Failure(
            "there is no workload \(missing)",
            hint: nearest.map { "did you mean \($0)?" } ?? "`cube status` lists the workloads")
    }
}
