import ArgumentParser
import CubeCore
import CubeErrors
import CubeText
import CubeTypes
import Glibc

struct LogsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what tasks wrote.",
        discussion: .flowing(
            """
            Shows standard output and standard error of tasks together, as they were written. Without a name it shows all
            workloads of the owner. Where several tasks are shown, each line begins with its task. Of a slot without a living
            task, the last task is shown. While `cube up` does not run here, the files of this machine's workers are read.

            With --follow it goes on with what is written, and with the tasks that take the place of those that end or are
            added, until Ctrl-C; or until all of them have ended, where only jobs or single tasks are named.

            On a terminal, colours are kept, and other control characters are shown and do nothing. Elsewhere each byte is as
            it was written.

            --since and --timestamps go by the clock of the task's node. What was written before this version ran there has no
            time: its lines are not left out, and begin with `-`.

            Examples:
              cube logs hello
              cube logs hello/1 --follow --tail 20
              cube logs -f
              cube logs web api --since 10m --timestamps
              cube logs web --previous
            """))

    @Argument(
        help: "Workloads, NAME/ORDINAL, or ids of tasks; all workloads where none is named.",
        transform: LogSubject.parse)
    var subjects: [LogSubject] = []
    @Flag(name: .shortAndLong, help: "Go on with what is written, also by tasks that come later.")
    var follow = false
    @Option(help: "Only the last so many lines of each task.")
    var tail: Int?
    @Option(
        help: ArgumentHelp(
            "Only what was written since then: a time, or how long ago, such as 10m.", valueName: "time"),
        transform: Self.moment)
    var since: Timestamp?
    @Flag(help: "Begin each line with the time at which it was written.")
    var timestamps = false
    @Flag(name: .shortAndLong, help: "Show, of each slot, the task before the present one.")
    var previous = false
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func validate() throws {
        if let tail, tail < 0 { throw ArgumentParser.ValidationError("--tail: \(tail) is below 0") }
        let namesTask = subjects.contains { if case .task = $0 { true } else { false } }
        if follow, subjects.count > 1, namesTask {
            throw ArgumentParser.ValidationError("--follow takes the id of a task only by itself")
        }
        if previous, follow { throw ArgumentParser.ValidationError("--previous and --follow exclude each other") }
    }

    func run() async throws {
        let source = try self.source()
        let selection = LogSelection(tail: tail, since: since, timestamps: timestamps)
        let writer = LogWriter(terminal: .standardOutput)
        guard follow else { return try await show(selection, from: source, to: writer) }
        try await LogFollower(
            source: source, owner: owner.owner, subjects: subjects, selection: selection, writer: writer
        ).run()
    }

    /// One task after the other: what is over is read in order.
    private func show(_ selection: LogSelection, from source: any OutputSource, to writer: LogWriter) async throws {
        let tasks = LogChoice(subjects).tasks(
            of: try await source.tasks(of: owner.owner, subjects), previous: previous)
        try requireSome(tasks)
        let readable = tasks.filter(\.hasOutput)
        guard !readable.isEmpty else {
            throw Failure(
                "\(tasks[0].slot) is \(tasks[0].state): it has written nothing yet",
                hint: "`cube explain \(tasks[0].name)` says why; --follow waits for it")
        }
        for task in tasks where !task.hasOutput {
            Terminal.note("\(task.slot) is \(task.state): it has written nothing yet.")
        }
        for task in readable {
            try await writer.copy(
                source.output(of: task.id, selection), of: task, prefixed: { readable.count > 1 })
        }
    }

    private func requireSome(_ tasks: [LoggedTask]) throws {
        guard tasks.isEmpty else { return }
        let owner = try owner.owner
        let names = subjects.map(\.description).joined(separator: ", ")
        throw Failure(
            subjects.isEmpty
                ? "owner \(owner) has no task"
                : previous ? "no earlier task of \(names) is known" : "owner \(owner) has no task of \(names)",
            hint: "`cube task list --all` lists what there is")
    }

    /// The manager; where none is named and none runs here, the files of the workers.
    private func source() throws -> any OutputSource {
        let data = manager.place.data
        guard manager.manager == nil, try DirectoryLock.holder(of: data.manager) == nil,
            let files = LocalOutput(data: data)
        else { return ManagerOutput(client: follow ? try manager.follower() : try manager.reader()) }
        Terminal.note("No manager is at work here: this is what stands in the files of \(data.path).")
        return files
    }

    private static func moment(_ text: String) throws -> Timestamp {
        guard let moment = Duration(text: text).map({ .now + (.zero - $0) }) ?? Timestamp(text) else {
            throw ArgumentParser.ValidationError(
                "\"\(text)\" must be a time such as 2026-01-02T06:00:00Z, or a duration such as 10m")
        }
        return moment
    }
}
