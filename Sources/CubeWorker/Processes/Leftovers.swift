import CubeCore
import CubeTypes
import Glibc

/// The processes of a run whose supervisor is no more.
struct Leftovers {
    let task: TaskID
    /// The program's own process, whose session and group carry its number.
    let program: pid_t
    let startTicks: Int

    /// Kills them all, and those that they start meanwhile.
    ///
    /// - Returns: whether nothing is left that could be found.
    func kill() -> Bool {
        for _ in 0..<100 {
            let found = find()
            if found.isEmpty { return true }
            for entry in found {
                // One that has ended since, or that belongs to somebody else, cannot be killed; the next look tells.
                guard let process = try? ProcessDescriptor(entry.id),
                    ProcessTable.Entry(entry.id)?.startTicks == entry.startTicks
                else { continue }
                // As above.
                try? process.signal(SIGKILL)
            }
            usleep(1000)
        }
        return find().isEmpty
    }

    /// They bear the task's id in their environment, or belong to the session of its program while that is the process that
    /// was recorded. What a living supervisor watches over is another placement of the same task, and none of them.
    private func find() -> [ProcessTable.Entry] {
        let table = ProcessTable.read()
        let mark = "\(TaskEnvironment.taskID)=\(task)"
        let programLives = program > 0 && table.entries[program]?.startTicks == startTicks
        return table.entries.values.filter { entry in
            let belongs =
                programLives && (entry.session == program || entry.group == program)
                || ProcessTable.strings("environ", of: entry.id).contains(mark)
            return belongs && !table.isSupervised(entry)
        }
    }
}
