import ArgumentParser
import CubeCore
import CubeTypes

struct PlanCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what would be done, in which order, and what would be held back.",
        discussion: """
            Looks once and changes nothing.

            Exit codes: 0, 1 an error; with --detailed-exitcode 0 nothing to do, 1 an error, 2 something to do.

            Examples:
              cube plan
              cube plan --detailed-exitcode -o json
            """)

    @Flag(help: "Tell by the exit code whether there is something to do.")
    var detailedExitcode = false
    @OptionGroup var options: PreviewOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let preview = try await options.preview()
        let steps = preview.planner.unsettledEntries().flatMap(\.steps)
        switch output.output {
        case .json: Terminal.output(try JSONText.pretty(PlanDocument(preview.plan, steps: steps)))
        case .text: Terminal.output(PlanText(preview.plan, entries: preview.planner.unsettledEntries()).text)
        case .markdown:
            Terminal.output("```\n\(PlanText(preview.plan, entries: preview.planner.unsettledEntries()).text)```")
        }
        if detailedExitcode, !steps.isEmpty { throw ExitCode(ExitStatus.changes.rawValue) }
    }
}

/// A plan as programs read it: without definitions, so that no value of `env` is in it.
private struct PlanDocument: Encodable {
    struct Action: Encodable {
        var verb: PlannedAction.Verb
        var name: WorkloadName
        var ordinal: Int
        var task: TaskID
        var rule: String
        var reason: String
        var state: ActionState
    }

    var actions: [Action]
    var holds: [SummaryStatus.HeldSet]
    var findings: [Finding]
    var converged: Bool
    var desiredDigest: Digest
    var observedDigest: Digest

    enum CodingKeys: String, CodingKey {
        case actions, holds, findings, converged
        case desiredDigest = "desired_digest"
        case observedDigest = "observed_digest"
    }

    init(_ plan: Plan, steps: [Step]) {
        actions = steps.map { step in
            let action = step.action
            return Action(
                verb: action.verb, name: action.name, ordinal: action.ordinal, task: action.task,
                rule: action.rule.rawValue, reason: action.reason, state: step.state)
        }
        holds = plan.holds.map(SummaryStatus.HeldSet.init)
        findings = plan.findings
        converged = plan.isConverged
        desiredDigest = plan.desiredDigest
        observedDigest = plan.observedDigest
    }
}
