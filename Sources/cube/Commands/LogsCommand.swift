import ArgumentParser
import CubeCore
import CubeErrors
import CubeSystem
import CubeText
import CubeTypes
import Glibc

struct LogsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show the output of tasks.",
        discussion: .flowing(
            """
            Shows the standard output and standard error of tasks, interleaved as they were written. Without a name, it
            shows all workloads of the owner. If it shows several tasks, each line begins with the name of its task. For
            a slot without a live task, it shows the last task. While `cube up` is not running here, it reads the files
            of the workers on this machine.

            With --follow, it prints new output until Ctrl-C, including the output of tasks that are started or replaced
            later. If only jobs or single tasks are named, it ends when all of them have ended.

            On a terminal, colours are kept, and other control characters are printed as visible text. Elsewhere, the
            output is unchanged, byte by byte, except that the output of another task, or of a task that was started
            again, begins on a line of its own.

            --since and --timestamps use the clock of the task's node. Lines that an earlier version of Cube recorded
            have no time: --since keeps them, and --timestamps begins them with `-`.

            Examples:
              cube logs hello
              cube logs hello/1 --follow --tail 20
              cube logs -f
              cube logs web api --since 10m --timestamps
              cube logs web --previous
            """))

    @Argument(
        help: "Names of workloads, NAME/ORDINAL, or task ids. (default: all workloads)",
        transform: LogSubject.parse)
    var subjects: [LogSubject] = []
    @Flag(name: .shortAndLong, help: "Keep printing new output, including that of later tasks.")
    var follow = false
    @Option(help: "Number of lines to show for each task, counted from the end.")
    var tail: Int?
    @Option(
        help: ArgumentHelp(
            "Show only output since this time: a time, or how long ago, such as 10m.", valueName: "time"),
        transform: Self.moment)
    var since: Timestamp?
    @Flag(help: "Begin each line with the time when it was written.")
    var timestamps = false
    @Flag(name: .shortAndLong, help: "Show the previous task of each slot.")
    var previous = false
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func validate() throws {
        if let tail, tail < 0 { throw ArgumentParser.ValidationError("--tail: \(tail) is below 0") }
        let namesTask = subjects.contains { if case .task = $0 { true } else { false } }
        if follow, subjects.count > 1, namesTask {
            throw ArgumentParser.ValidationError("--follow accepts a task id only as the single argument")
        }
        if previous, follow { throw ArgumentParser.ValidationError("--previous and --follow cannot be combined") }
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

    /// Prints the existing output, one task after the other.
    private func show(_ selection: LogSelection, from source: any OutputSource, to writer: LogWriter) async throws {
        let choice = LogChoice(subjects)
        let tasks = choice.tasks(of: try await source.tasks(of: owner.owner, subjects), previous: previous)
        try await require(tasks, missing: choice.missing(in: tasks), from: source)
        let readable = tasks.filter(\.hasOutput)
        guard !readable.isEmpty else {
            throw Failure(
                "\(tasks[0].slot) is \(tasks[0].state) and has no output yet",
                hint: "`cube explain \(tasks[0].name)` shows why; --follow waits for output")
        }
        for task in tasks where !task.hasOutput {
            Terminal.note("\(task.slot) is \(task.state) and has no output yet.")
        }
        for task in readable {
            try await writer.copy(
                source.output(of: task.id, selection), of: task, prefixed: { readable.count > 1 })
        }
    }

    /// - Throws: A `Failure` if there is no task, or if subjects have none. A subject without a previous task is only noted.
    private func require(
        _ tasks: [LoggedTask], missing: [LogSubject], from source: any OutputSource
    ) async throws {
        guard tasks.isEmpty || !missing.isEmpty else { return }
        let owner = try owner.owner
        func list(_ subjects: [LogSubject], _ separator: String = ", ") -> String {
            subjects.map(\.description).joined(separator: separator)
        }
        if previous, !tasks.isEmpty {
            return Terminal.note("No previous task of \(list(missing)) is known.")
        }
        // An id belongs to no owner.
        let (ids, names) = (missing.filter(\.isIdentifier), missing.filter { !$0.isIdentifier })
        let problems = [
            names.isEmpty ? nil : "owner \(owner) has no task of \(list(names))",
            ids.isEmpty ? nil : "no task has the id \(list(ids))",
        ].compactMap { $0 }
        let other = try await previous ? nil : source.otherOwner(than: owner, of: names)
        let hint = other.map { $0.hint(manager.command("logs \(list(names, " ")) --owner \($0.name)")) }
        throw Failure(
            subjects.isEmpty
                ? "owner \(owner) has no task"
                : previous ? "no previous task of \(list(missing)) is known" : problems.joined(separator: "; "),
            hint: hint ?? "`cube task list --all` lists all tasks")
    }

    /// Reads from the manager; or from the files of the workers, if no manager is named and none runs here.
    private func source() throws -> any OutputSource {
        let data = manager.place.data
        guard case .local = try manager.choice(), try DirectoryLock.holder(of: data.manager) == nil,
            let files = LocalOutput(data: data)
        else { return ManagerOutput(client: follow ? try manager.follower() : try manager.reader()) }
        Terminal.note("No manager is running here; showing the files in \(data.path).")
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
