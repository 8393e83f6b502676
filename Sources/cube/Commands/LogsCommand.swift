import ArgumentParser
import CubeTypes
import Glibc

struct LogsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what tasks wrote.",
        discussion: .flowing(
            """
            Standard output and standard error of a task together, as it wrote them. Where a name has several tasks, each line
            begins with the task's. Of a slot without a living task, the last one is shown. While `cube up` does not run here,
            what the tasks of this machine wrote is read from its files.

            Examples:
              cube logs hello
              cube logs hello/1 --follow --tail 20
            """))

    @Argument(help: "A workload, NAME/ORDINAL, or a task's id.")
    var subject: String
    @Flag(name: .shortAndLong, help: "Go on with what is written, until the task ends or Ctrl-C.")
    var follow = false
    @Option(help: "Only the last so many lines of each task.")
    var tail: Int?
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func run() async throws {
        let source = try self.source()
        let tasks = try await tasks(source)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in tasks {
                let prefix = tasks.count > 1 ? "\(task.name)/\(task.ordinal) " : ""
                if follow {
                    group.addTask { try await Self.copy(task, prefix: prefix, from: source, tail: tail, follow: true) }
                } else {
                    // One after the other: what is over is read in order.
                    try await Self.copy(task, prefix: prefix, from: source, tail: tail, follow: false)
                }
            }
            try await group.waitForAll()
        }
    }

    /// The manager; where none is named and none runs here, the files of the workers.
    private func source() throws -> any OutputSource {
        let data = manager.place.data
        guard manager.manager == nil, try DirectoryLock.holder(of: data.manager) == nil,
            let files = LocalOutput(data: data)
        else { return ManagerOutput(client: try manager.reader()) }
        Terminal.note("No manager is at work here: this is what stands in the files of \(data.path).")
        return files
    }

    /// The living tasks that are meant; where none lives, the last of each slot.
    private func tasks(_ source: any OutputSource) async throws -> [LoggedTask] {
        if let id = TaskID(rawValue: subject) { return [try await source.task(id)] }
        let parts = subject.split(separator: "/", maxSplits: 1)
        let ordinal = parts.count == 2 ? Int(parts[1]) : nil
        guard let name = parts.first.flatMap({ WorkloadName(rawValue: String($0)) }), parts.count == 1 || ordinal != nil
        else { throw ArgumentParser.ValidationError("\"\(subject)\" must be a name, NAME/ORDINAL or a task's id") }
        let found = try await source.tasks(name, of: owner.owner)
            .filter { ordinal == nil || $0.ordinal == ordinal }
        let living = found.filter { !$0.hasEnded }
        let last = Dictionary(found.map { ($0.ordinal, $0) }) { $0.attempt > $1.attempt ? $0 : $1 }.values
        let chosen = living.isEmpty ? last.sorted { $0.ordinal < $1.ordinal } : living
        guard !chosen.isEmpty else {
            throw Failure(
                "owner \(try owner.owner) has no task of \(subject)", hint: "`cube task list --all` lists what there is"
            )
        }
        return chosen
    }

    private static func copy(
        _ task: LoggedTask, prefix: String, from source: any OutputSource, tail: Int?, follow: Bool
    ) async throws {
        var lines = LineBuffer()
        let mark = Array(prefix.utf8)
        for try await chunk in try await source.output(of: task.id, tail: tail, follow: follow) {
            guard !prefix.isEmpty else {
                Terminal.write(chunk, to: STDOUT_FILENO)
                continue
            }
            for line in lines.take(chunk) { Terminal.write(mark + line, to: STDOUT_FILENO) }
        }
        if let rest = lines.rest { Terminal.write(mark + rest, to: STDOUT_FILENO) }
    }
}

/// Cuts a stream of bytes into lines, so that those of several tasks do not mix.
struct LineBuffer {
    private var pending: [UInt8] = []

    /// The lines that are complete now, each with its line feed.
    mutating func take(_ chunk: [UInt8]) -> [[UInt8]] {
        pending += chunk
        var lines: [[UInt8]] = []
        var start = pending.startIndex
        while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(Array(pending[start...end]))
            start = end + 1
        }
        pending.removeSubrange(..<start)
        return lines
    }

    /// What came after the last line feed.
    var rest: [UInt8]? { pending.isEmpty ? nil : pending + [UInt8(ascii: "\n")] }
}
