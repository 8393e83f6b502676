import CubeCore
import CubeTypes
import Glibc

/// Commands in containers whose worker was killed. Nobody watches them any more, and their engine lets them run on. A command beside a
/// process needs no such care: its supervisor ends it.
enum LeftCommands {
    /// A variable of every command in a container that a worker started for a client.
    static let mark = "\(TaskEnvironment.execMark)=1"

    /// Kills the commands beside the programs of tasks, when a worker starts and has no session yet.
    static func kill(of tasks: Set<TaskID>) {
        guard !tasks.isEmpty else { return }
        let table = ProcessTable.read()
        for entry in table.entries.values where !table.isSupervised(entry) {
            let variables = ProcessTable.strings("environ", of: entry.id)
            guard variables.contains(mark), variables.contains(where: { tasks.contains(owner: $0) }) else { continue }
            // The process may have ended, and its ID may belong to another one by now.
            guard let process = try? ProcessDescriptor(entry.id),
                ProcessTable.Entry(entry.id)?.startTicks == entry.startTicks
            else { continue }
            // A process that has ended meanwhile needs no signal.
            try? process.signal(SIGKILL)
        }
    }
}

extension Set<TaskID> {
    /// Whether a variable, as `NAME=value`, is the one that names a task of this set.
    fileprivate func contains(owner variable: String) -> Bool {
        let beginning = "\(TaskEnvironment.taskID)="
        guard variable.hasPrefix(beginning) else { return false }
        return TaskID(rawValue: String(variable.dropFirst(beginning.count))).map { contains($0) } ?? false
    }
}
