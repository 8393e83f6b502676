import ArgumentParser
import CubeCore
import CubeManagerClient
import CubeText
import CubeTypes

/// Options of the commands that send a directive to an owner. The holder of the owner's lease acts on it.
struct DirectiveOptions: ParsableArguments {
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    @Option(help: "Reason, which is stored with the directive.")
    var reason: String?

    @discardableResult
    func give(_ verb: Directive.Verb, _ subject: String, until expiry: Timestamp? = nil) async throws -> OwnerStatus {
        try await manager.writer().direct(
            owner.owner, with: Directive(verb: verb, subject: subject, reason: reason, expiresAt: expiry))
    }

    /// Whether a `cube suspend` of the workload is still in effect.
    func isFrozen(_ name: WorkloadName) async throws -> Bool {
        let directive = Directive(verb: .suspend, subject: name.rawValue).name
        let owner = try owner.owner
        return try await manager.reader().owners().owners.contains {
            $0.owner == owner && $0.directives.contains { $0.name == directive }
        }
    }

    /// - Throws: A `Failure` if neither the manager nor the written status knows the workload. Most often, the name is
    ///   a typing error.
    func requireKnown(_ name: WorkloadName) async throws {
        if try WrittenStatus(data: manager.place.data).workload(name) != nil { return }
        let owner = try owner.owner
        guard try await manager.reader().tasks(owner: owner, name: name).tasks.isEmpty else { return }
        throw Failure(
            "owner \(owner) has no workload \(name)", hint: "`cube status` lists the workloads")
    }

    /// - Throws: A `Failure` if the workload is a completed job, which a restart does not change.
    func requireTaskToReplace(_ name: WorkloadName) async throws {
        let owner = try owner.owner
        let declared = try WrittenStatus(data: manager.place.data).workload(name)
        let tasks = try await manager.reader().tasks(owner: owner, name: name).tasks
        guard tasks.isCompletedJob(declared: declared) else { return }
        throw Failure(
            "\(name) is a completed job and has no running task to replace",
            hint: "\(manager.command("retry \(name)\(OwnerOption.words(owner))")) runs it again")
    }

    /// Prints why the workload is frozen, if the written status says so.
    func noteFreeze(of name: WorkloadName) throws {
        let status = try WrittenStatus(data: manager.place.data).workload(name)
        if let freeze = status?.freeze { Terminal.note("This takes effect later: \(freeze).") }
    }
}

struct ApproveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve changes that a guard holds.",
        discussion: .flowing(
            """
            Guards hold changes that look like an accident, such as the removal of many workloads at once. `cube status`
            lists the held changes and their digest. An approval is valid for one hour, and only for the changes that
            the digest covers.

            Example:
              cube approve 3fd2c1
            """))

    @Argument(help: "Digest of the held changes, or a prefix of it.")
    var digest: String
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        let hexadecimal = digest.hasPrefix("sha256:") ? String(digest.dropFirst(7)) : digest
        guard (4...64).contains(hexadecimal.count), hexadecimal.allSatisfy(\.isHexDigit) else {
            throw ArgumentParser.ValidationError(
                "\"\(digest)\" must be a digest, or a prefix of at least 4 hexadecimal digits")
        }
        let owner = try await options.give(.approve, hexadecimal.lowercased())
        let approved = owner.directives.last {
            $0.verb == .approve && ($0.approves?.digest.hexadecimal.hasPrefix(hexadecimal.lowercased()) ?? false)
        }
        let changes = approved?.approves?.lines ?? [digest]
        Terminal.output("Approved for one hour: \(changes.shortList).")
    }
}

struct RetryCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Retry a failed workload, or run a job again.",
        discussion: .flowing(
            """
            A task that has used up its restarts stays failed until its definition changes or it is retried. The fields
            that steer a workload, such as `update`, are no part of its definition. A completed job runs again.

            Example:
              cube retry report
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        try await options.requireKnown(name)
        try await options.give(.retry, name.rawValue)
        Terminal.output("\(name) will be retried.")
        try options.noteFreeze(of: name)
    }
}

struct RestartCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Replace the tasks of a workload with new ones.",
        discussion: .flowing(
            """
            Replaces the tasks as after a change of the manifest, at the pace that its `update` field sets. A completed
            job has no task to replace; `cube retry` runs it again.

            Example:
              cube restart web --reason "new certificates"
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        try await options.requireKnown(name)
        try await options.requireTaskToReplace(name)
        try await options.give(.restart, name.rawValue)
        Terminal.output("The tasks of \(name) will be replaced.")
        try options.noteFreeze(of: name)
    }
}

struct SuspendCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Freeze a workload: Cube starts, stops and replaces none of its tasks.",
        discussion: .flowing(
            """
            Running tasks keep running, and their restart policy still applies. Changes of the manifest take effect
            after `cube resume`, or at the time that --until sets.

            Examples:
              cube suspend web --reason "looking into it"
              cube suspend web --until 2h
              cube suspend web --until 2026-01-02T06:00:00Z
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @Option(
        help: ArgumentHelp(
            "When the freeze ends: a time, or a duration from now; at most 10 years from now.", valueName: "time"),
        transform: Self.moment)
    var until: Timestamp?
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        try await options.requireKnown(name)
        try await options.give(.suspend, name.rawValue, until: until)
        Terminal.output("\(name) is frozen until \(until.map { "\($0) or " } ?? "")`cube resume \(name)`.")
    }

    private static func moment(_ text: String) throws -> Timestamp {
        let now = Timestamp.now
        guard let moment = Duration(text: text).map({ now + $0 }) ?? Timestamp(text) else {
            throw ArgumentParser.ValidationError(
                "\"\(text)\" must be a time such as 2026-01-02T06:00:00Z, or a duration such as 2h")
        }
        guard moment > now else { throw ArgumentParser.ValidationError("\(moment) is in the past") }
        let latest = now + Directive.longestLifetime
        guard moment <= latest else {
            throw ArgumentParser.ValidationError("\(moment) is after \(latest), the latest time")
        }
        return moment
    }
}

struct ResumeCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "End a freeze that `cube suspend` began.",
        discussion: .flowing(
            """
            To resume a workload whose manifest contains `"suspend": true`, change the manifest.

            Example:
              cube resume web
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @OptionGroup var options: DirectiveOptions

    func run() async throws {
        // The workload may be gone by now, so that its freeze is all that is left of it. Check the freeze first.
        guard try await options.isFrozen(name) else {
            try await options.requireKnown(name)
            Terminal.output("\(name) was not frozen by `cube suspend`.")
            return
        }
        try await options.give(.resume, name.rawValue)
        Terminal.output("The suspension of \(name) has ended.")
    }
}

extension WorkloadStatus {
    /// Why directives have no effect on the workload now: it is suspended, or its manifest cannot be read.
    var freeze: String? {
        let type = health == .suspended ? Condition.Kind.ready : .stale
        return conditions.first { $0.type == type && $0.status == (type == .stale) }?.message
    }
}
