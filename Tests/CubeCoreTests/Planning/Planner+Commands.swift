import CubeCore
import CubeText
import CubeTypes

extension Planner {
    /// A planner whose messages name the commands of the command line, as people see them.
    init(
        owner: OwnerName, reports: [WorkloadReport] = [], summary: SummaryStatus? = nil, oneShot: Bool = false
    ) {
        self.init(owner: owner, wording: \.command, reports: reports, summary: summary, oneShot: oneShot)
    }
}
