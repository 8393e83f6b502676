import CubeCore
import CubeJSON
import CubeText
import CubeTypes
import CubeWorker

/// Defaults that belong to no field, from the constants that decide them.
enum ManifestDefaults {
    static var facts: [ManifestReferenceText.Fact] {
        let guards = GuardLimits()
        return [
            ManifestReferenceText.Fact(
                "Environment",
                "A task finds `CUBE_NAME`, `CUBE_ORDINAL`, `CUBE_OWNER`, `CUBE_TASK_ID`, `PATH`, `HOME`, `LANG`, and "
                    + "`PORT_<NAME>` for each port. It inherits no other variable."),
            ManifestReferenceText.Fact(
                "Output",
                "Cube keeps the last \(TaskLog.files) files of \(ByteCount(TaskLog.fileBytes)) of each task's output, for "
                    + "\(Retention.output.text) after the task has ended."),
            ManifestReferenceText.Fact(
                "Ended tasks",
                "`cube task show` knows an ended task for at least \(Retention.endedTask.text). The last "
                    + "\(Retention.attempts) tasks of each replica are kept longer."),
            ManifestReferenceText.Fact(
                "Prune guard",
                "Within \(guards.window.text), Cube prunes at most \(guards.count) workloads, or \(guards.percent) % of "
                    + "the owner's workloads if that is more. If more are removed, Cube holds all of them until somebody "
                    + "approves it."),
            ManifestReferenceText.Fact(
                "Limits",
                "A manifest file has at most \(ByteCount(ManifestDecoder.maximumSize)) and \(JSONDocument.maximumDepth) levels "
                    + "of nesting. A source declares at most \(DesiredState.maximumWorkloads.grouped) workloads."),
        ]
    }
}
