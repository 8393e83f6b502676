import CubeCore
import CubeTypes
import Glibc

/// The remaining processes of a run whose supervisor has died.
struct Leftovers {
    let task: TaskID
    /// The ID of the program's main process, which is also the ID of its session and process group.
    let program: pid_t
    let startTicks: Int
    /// The directories of the control groups of the run.
    var groups: [String] = []

    /// Kills all of the processes, including those that they start in the meantime.
    ///
    /// - Returns: whether no process of the run can be found any more.
    func kill() -> Bool {
        for _ in 0..<100 {
            let found = find()
            if found.isEmpty { return true }
            for entry in found {
                // A process that has ended or belongs to another user cannot be killed; the next iteration checks again.
                guard let process = try? ProcessDescriptor(entry.id),
                    ProcessTable.Entry(entry.id)?.startTicks == entry.startTicks
                else { continue }
                // The process may have ended, or belong to another user.
                try? process.signal(SIGKILL)
            }
            usleep(1000)
        }
        return find().isEmpty
    }

    /// Finds processes that have the task's ID in their environment, that belong to a control group of the run, or that belong to the
    /// session or group of the program, as long as the recorded program process exists. Processes below a living supervisor belong
    /// to another placement of the same task and are excluded.
    private func find() -> [ProcessTable.Entry] {
        let table = ProcessTable.read()
        let mark = "\(TaskEnvironment.taskID)=\(task)"
        let members = ControlGroups.processes(in: groups)
        let programLives = program > 0 && table.entries[program]?.startTicks == startTicks
        return table.entries.values.filter { entry in
            let belongs =
                programLives && (entry.session == program || entry.group == program)
                || members.contains(entry.id) || ProcessTable.strings("environ", of: entry.id).contains(mark)
            return belongs && !table.isSupervised(entry)
        }
    }
}
