import CubeCore
import CubeJSON
import CubeText
import CubeTypes
import CubeWorker

/// Defaults that belong to no field, generated from the constants that the code uses.
enum ManifestDefaults {
    static var facts: [ManifestReferenceText.Fact] {
        let guards = GuardLimits()
        return [
            ManifestReferenceText.Fact(
                "Environment",
                "A task receives `CUBE_NAME`, `CUBE_ORDINAL`, `CUBE_OWNER`, `CUBE_TASK_ID`, `PATH`, `HOME`, `LANG`, and "
                    + "`PORT_<NAME>` for each port. It inherits no other variables."),
            ManifestReferenceText.Fact(
                "Output",
                "Cube keeps the last \(TaskLog.files) log files of \(ByteCount(TaskLog.fileBytes)) each per task, until "
                    + "\(Retention.output.text) after the task has ended."),
            ManifestReferenceText.Fact(
                "Ended tasks",
                "Ended tasks are kept for at least \(Retention.endedTask.text), and the last "
                    + "\(Retention.attempts) tasks of each replica longer. `cube task show` shows them."),
            ManifestReferenceText.Fact(
                "Prune guard",
                "Within \(guards.window.text), Cube prunes at most \(guards.count) workloads, or \(guards.percent) % of "
                    + "the owner's workloads if that is more. If more are removed, Cube holds all removals until they are "
                    + "approved."),
            ManifestReferenceText.Fact(
                "Limits",
                "A manifest file has at most \(ByteCount(ManifestDecoder.maximumSize)) and \(JSONDocument.maximumDepth) levels "
                    + "of nesting. A source declares at most \(DesiredState.maximumWorkloads.grouped) workloads."),
        ]
    }
}
