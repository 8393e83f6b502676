import ArgumentParser
import CubeCore
import CubeSystem
import CubeText
import CubeTypes
import CubeWorker

struct WorkerRepairCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Repair damaged or missing records of a worker.",
        discussion: .flowing(
            """
            A damaged record is set aside under another name, never deleted. It is rebuilt from the newest run of its task. Where
            that is not possible, the task's processes and files are left alone, and the worker adopts them when the manager
            assigns the task again. No task is started or stopped. The worker must not be running.

            Example:
              cube worker repair --data-dir /var/lib/cube --name w1
            """))

    @Option(help: "Name of the worker. (default: the only worker in the data directory)", transform: NodeName.parse)
    var name: NodeName?
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let name = try place.data.worker(named: name)
        let directory = place.data.worker(name)
        let lock = try DirectoryLock.take(directory, for: "cube worker repair")
        defer { withExtendedLifetime(lock) {} }
        let repairs = try WorkerRepair(directory: directory).run()
        for repair in repairs { Terminal.output("\(repair.sentence)") }
        if repairs.isEmpty { Terminal.output("All records of worker \(name) are readable.") }
    }
}

extension WorkerRepair.Repair {
    /// A sentence that describes the repair.
    var sentence: String {
        let what =
            switch subject {
            case .membership: "the membership of the worker"
            case .task(let id): "the record of task \(id)"
            }
        let before = setAside.map { "set \($0) aside; " } ?? ""
        return switch (result, subject) {
        case (.rebuilt, _): "\(before)rebuilt \(what)"
        case (.leftRunning(let process), _):
            "\(before)\(what) cannot be rebuilt: its supervisor, process \(process), keeps running, and the worker adopts it "
                + "when the manager assigns the task again"
        case (.forgotten, .membership): "\(before)the worker joins the cluster of the manager that calls it next"
        case (.forgotten, .task):
            "\(before)\(what) cannot be rebuilt, and the task is not running: the manager assigns the task again"
        }
    }
}
