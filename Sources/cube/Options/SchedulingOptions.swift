import ArgumentParser
import CubeTypes

/// How the manager chooses among the nodes that can run a task.
struct SchedulingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Scheduling policy: spread (nodes with the fewest tasks of a workload), binpack (few nodes, filled up), round_robin (one "
                + "node after another) or epvm (nodes where no resource becomes scarce). (default: spread)",
            valueName: "policy"),
        completion: .list(SchedulingPolicy.all.map(\.rawValue)),
        transform: { text in
            guard let policy = SchedulingPolicy.all.first(where: { $0.rawValue == text }) else {
                let words = SchedulingPolicy.all.map(\.rawValue)
                throw ValidationError("\"\(text)\" must be one of \(words.joined(separator: ", "))")
            }
            return policy
        })
    var policy: SchedulingPolicy = .spread
    @Flag(
        inversion: .prefixedNo,
        help: "Whether the policy spread prefers nodes that already have the image of a task.")
    var imageLocality = true
}
