import CubeCore
import CubeText
import CubeTypes

extension Planner {
    /// A planner whose messages name the commands of the command line, as people see them.
    init(
        owner: OwnerName, memory: SourceMemory?, window: GuardWindow = GuardWindow(), reports: [WorkloadReport] = [],
        summary: SummaryStatus? = nil, oneShot: Bool = false
    ) {
        self.init(
            owner: owner, wording: \.command, memory: memory, window: window, reports: reports, summary: summary,
            oneShot: oneShot)
    }
}
