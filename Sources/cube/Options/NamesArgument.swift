import ArgumentParser
import CubeJSON
import CubeTypes

/// The workloads to show.
struct NamesArgument: ParsableArguments {
    @Argument(help: "Names of workloads. (default: all)", transform: WorkloadName.parse)
    var names: [WorkloadName] = []

    var isAll: Bool { names.isEmpty }

    func contains(_ name: WorkloadName) -> Bool { names.isEmpty || names.contains(name) }

    /// - Throws: A `Failure` if one of the names is unknown.
    func require(knownIn known: some Sequence<WorkloadName>) throws { try names.require(knownIn: known) }
}

extension [WorkloadName] {
    /// - Throws: A `Failure` with the first unknown name, and the known name that is most similar to it.
    func require(knownIn known: some Sequence<WorkloadName>) throws {
        let known = Set(known)
        guard let missing = first(where: { !known.contains($0) }) else { return }
        let nearest = Suggestion.nearest(to: missing.rawValue, among: known.map(\.rawValue).sorted())
        throw Failure(
            "no such workload: \(missing)",
            hint: nearest.map { "did you mean \($0)?" } ?? "`cube status` lists the workloads")
    }
}
