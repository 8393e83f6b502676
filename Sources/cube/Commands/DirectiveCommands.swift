import ArgumentParser
import CubeCore
import CubeManagerClient
import CubeText
import CubeTypes

/// A command that tells an owner something; whoever holds the owner's lease acts on it.
struct DirectiveOptions: ParsableArguments {
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    @Option(help: "Why, for those who read it later.")
    var reason: String?

    @discardableResult
    func give(_ verb: Directive.Verb, _ subject: String, until expiry: Timestamp? = nil) async throws -> OwnerStatus {
        try await manager.writer().direct(
            owner.owner, with: Directive(verb: verb, subject: subject, reason: reason, expiresAt: expiry))
    }

    /// Whether `cube suspend` was said of the workload, and nothing ended that yet.
    func isFrozen(_ name: WorkloadName) async throws -> Bool {
        let directive = Directive(verb: .suspend, subject: name.rawValue).name
        let owner = try owner.owner
        return try await manager.reader().owners().owners.contains {
            $0.owner == owner && $0.directives.contains { $0.name == directive }
        }
    }

    /// - Throws: where neither the manager nor the written status knows the workload: a slip of the hand, most often.
    func requireKnown(_ name: WorkloadName) async throws {
        if try WrittenStatus(data: manager.place.data).workload(name) != nil { return }
        let owner = try owner.owner
        guard try await manager.reader().tasks(owner: owner, name: name).tasks.isEmpty else { return }
        throw Failure(
            "nobody knows a workload \(name) of owner \(owner)", hint: "`cube status` lists the workloads")
    }

    /// Says why nothing of a workload is changed now, as far as the written status tells.
    func noteFreeze(of name: WorkloadName) throws {
        let status = try WrittenStatus(data: manager.place.data).workload(name)
        if let freeze = status?.freeze { Terminal.note("That waits: \(freeze).") }
    }
}

struct ApproveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Release what a guard holds.",
        discussion: .flowing(
            """
            Guards hold back what looks like an accident, such as many workloads gone at once. `cube status` says what is
            held, and its digest. An approval counts for an hour, for exactly what was held or a part of it.

            Example:
              cube approve 3fd2c1
            """))

    @Argument(help: "The digest of what is held, or its beginning.")
    var digest: String
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        let hexadecimal = digest.hasPrefix("sha256:") ? String(digest.dropFirst(7)) : digest
        guard (4...64).contains(hexadecimal.count), hexadecimal.allSatisfy(\.isHexDigit) else {
            throw ArgumentParser.ValidationError(
                "\"\(digest)\" must be a digest, or at least 4 hexadecimal digits of its beginning")
        }
        let owner = try await options.give(.approve, hexadecimal.lowercased())
        let approved = owner.directives.last {
            $0.verb == .approve && ($0.approves?.digest.hexadecimal.hasPrefix(hexadecimal.lowercased()) ?? false)
        }
        let changes = approved?.approves?.lines ?? [digest]
        Terminal.output("Approved for an hour: \(changes.shortList).")
    }
}

struct RetryCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try a failed workload again, or run a job once more.",
        discussion: .flowing(
            """
            A task whose restarts are used up stays failed until its manifest changes, or until this is said. A job that
            completed runs again.

            Example:
              cube retry report
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        try await options.requireKnown(name)
        try await options.give(.retry, name.rawValue)
        Terminal.output("\(name) will be tried again.")
        try options.noteFreeze(of: name)
    }
}

struct RestartCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Replace the tasks of a workload by new ones.",
        discussion: .flowing(
            """
            The tasks are replaced as after a change of the manifest: as many at a time as its `update` allows.

            Example:
              cube restart web --reason "new certificates"
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        try await options.requireKnown(name)
        try await options.give(.restart, name.rawValue)
        Terminal.output("The tasks of \(name) will be replaced.")
        try options.noteFreeze(of: name)
    }
}

struct SuspendCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Freeze a workload: nothing of it is started, stopped or replaced.",
        discussion: .flowing(
            """
            What runs keeps running, and is restarted by its own policy; changes of its manifest wait until `cube resume`, or
            until the time of --until has come.

            Examples:
              cube suspend web --reason "looking into it"
              cube suspend web --until 2h
              cube suspend web --until 2026-01-02T06:00:00Z
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @Option(
        help: ArgumentHelp("When it ends by itself: a time, or how long from now.", valueName: "time"),
        transform: Self.moment)
    var until: Timestamp?
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        try await options.requireKnown(name)
        try await options.give(.suspend, name.rawValue, until: until)
        Terminal.output("\(name) is frozen until \(until.map { "\($0), or " } ?? "")`cube resume \(name)`.")
    }

    private static func moment(_ text: String) throws -> Timestamp {
        let moment = Duration(text: text).map { Timestamp.now + $0 } ?? Timestamp(text)
        guard let moment else {
            throw ArgumentParser.ValidationError(
                "\"\(text)\" must be a time such as 2026-01-02T06:00:00Z, or a duration such as 2h")
        }
        guard moment > .now else { throw ArgumentParser.ValidationError("\(moment) is over") }
        return moment
    }
}

struct ResumeCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "End what `cube suspend` began.",
        discussion: .flowing(
            """
            A manifest that says `"suspend": true` itself is resumed by changing the manifest.

            Example:
              cube resume web
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        // What was frozen may be gone meanwhile: then its freeze is all that is left of it.
        guard try await options.isFrozen(name) else {
            try await options.requireKnown(name)
            Terminal.output("\(name) was not frozen by `cube suspend`.")
            return
        }
        try await options.give(.resume, name.rawValue)
        Terminal.output("\(name) follows its manifest again.")
    }
}

extension WorkloadStatus {
    /// Why it stays as it is, whatever is asked for: it is suspended, or its manifest cannot be read.
    var freeze: String? {
        let type = health == .suspended ? Condition.Kind.ready : .stale
        return conditions.first { $0.type == type && $0.status == (type == .stale) }?.message
    }
}
