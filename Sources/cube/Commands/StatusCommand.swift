import ArgumentParser
import CubeCore
import CubeReconciler
import CubeTypes
import SystemPackage

struct StatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how everything is: what runs, what differs, what is held and why.",
        discussion: .flowing(
            """
            Reads what the reconciler wrote to .cube/status, and asks it whether that is current. SYNC tells whether what runs
            is what the manifests say, HEALTH whether it is well, WHY what to look at. With -o wide there is a row for each task:
            its node, which attempt of its slot it is, its age, the beginning of the digest of what it runs, where its ports
            are, and the place of its manifest.

            With --watch it goes on until Ctrl-C: on a terminal the picture is redrawn in place, elsewhere there is a line for
            each workload, and then one whenever something is otherwise. With -o json each of these lines is an object.

            Examples:
              cube status
              cube status -o wide
              cube status --watch
              cube status --watch -o json | jq -c .workload
              cube explain web
            """))

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, wide, json, markdown }

    @Flag(name: .shortAndLong, help: "Go on with what changes, until Ctrl-C.")
    var watch = false
    @OptionGroup var manager: ConnectionOptions
    @Option(name: .shortAndLong, help: "The form of the result: text, wide, json or markdown.")
    var output: Format = .text

    func validate() throws {
        if watch, output == .markdown { throw ValidationError("--watch and -o markdown exclude each other") }
    }

    private var place: PlaceOptions { manager.place }

    func run() async throws {
        if watch { return try await follow() }
        var picture = StatusPicture()
        _ = try picture.read(.init(everything: true), from: WrittenStatus(data: place.data))
        guard let summary = picture.summary else {
            throw Failure(
                "no reconciler has written a status to \(place.data.status) yet",
                hint: "`cube up` starts one; `cube task list` asks the manager itself")
        }
        picture.author = try await StatusAuthor.find(in: place.data)
        let workloads = picture.reports.map(\.status)
        switch output {
        case .json:
            let status = Status(
                summary: summary, reconciler: picture.author.reconciler, outdated: picture.author.outdated,
                workloads: workloads)
            Terminal.output(try JSONText.pretty(status))
        case .text, .wide:
            let form: StatusTable.Form = output == .wide ? .wide : .full
            Terminal.output(
                workloads.isEmpty ? "No workload." : StatusTable(form: form).table(workloads).text(.standardOutput))
            for line in notes(summary, picture.author, .standardOutput) { Terminal.output(line) }
            for line in picture.author.outdated == nil ? await unmanaged(besides: summary.owner) : [] {
                Terminal.output(line)
            }
        case .markdown:
            Terminal.output(StatusTable(form: .full).table(workloads).markdown)
            for line in notes(summary, picture.author, .standardOutput) { Terminal.output(line) }
        }
    }

    /// What runs without a manifest, where there is a manager to ask: what is written says nothing of it.
    private func unmanaged(besides owner: OwnerName) async -> [String] {
        do {
            let tasks = try await ManagerClusterReader(client: manager.reader()).unmanaged(besides: owner)
            return Dictionary(grouping: tasks) { [$0.owner.rawValue, $0.name.rawValue] }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { subject, tasks in
                    let from = tasks[0].owner == .manual ? "" : " --from \(subject[0])"
                    return "Not under a manifest: \(Count(tasks.count, "task")) of \(subject.joined(separator: "/")); "
                        + "`cube adopt \(subject[1])\(from)` puts \(tasks.count == 1 ? "it" : "them") under one."
                }
        } catch {
            return []  // The status is that of the files, with a manager or without.
        }
    }

    private func follow() async throws {
        let isScreen = Terminal.standardOutput.isInteractive && output != .json
        if !place.data.status.appending("summary.json").exists {
            Terminal.note("No reconciler has written a status to \(place.data.status) yet; it is waited for.")
        }
        let viewer: any StatusViewer =
            isScreen
            ? StatusScreen(form: output == .wide ? .wide : .brief)
            : StatusLines(isJSON: output == .json, write: Terminal.output)
        try await ForegroundProcess.run([StatusWatch(data: place.data, viewer: viewer)])
    }

    private func notes(_ summary: SummaryStatus, _ author: StatusAuthor, _ terminal: Terminal) -> [String] {
        var notes = [""]
        notes.append(
            "\(summary.sync.rawValue), \(summary.health.rawValue); owner \(summary.owner), \(summary.source.words).")
        if let reconciler = author.reconciler { notes.append("Reconciled by \(reconciler).") }
        if let outdated = author.outdated { notes.append(terminal.styled("Not current: \(outdated).", .yellow)) }
        return notes + summary.notes.map { terminal.styled($0, .yellow) }
    }
}

/// The summary and all workloads.
private struct Status: Encodable {
    var summary: SummaryStatus
    /// Who reconciles now; `nil`: nobody.
    var reconciler: String?
    /// Why the rest may not be how things are; `nil` where it is.
    var outdated: String?
    var workloads: [WorkloadStatus]
}

extension SummaryStatus {
    /// Such as `Synced, Healthy; 3 workloads, 3 healthy`.
    var headline: String {
        let figures = [
            "\(Count(counts.workloads, "workload"))", "\(counts.healthy) healthy",
            counts.degraded > 0 ? "\(counts.degraded) degraded" : nil,
            counts.suspended > 0 ? "\(counts.suspended) suspended" : nil,
            counts.outOfSync > 0 ? "\(counts.outOfSync) out of sync" : nil,
            counts.held > 0 ? "\(counts.held) held" : nil,
            counts.stale > 0 ? "\(counts.stale) stale" : nil,
        ].compactMap { $0 }
        return "\(sync.rawValue), \(health.rawValue); \(figures.joined(separator: ", "))"
    }

    /// What a person should know of everything, in sentences.
    var notes: [String] {
        // What is held is listed below, with the word that releases it; what is being done, each workload says.
        let listed = Set(holds.map(\.reason))
        return conditions.filter {
            ![.ready, .reconciling].contains($0.type) && $0.status && !listed.contains($0.reason)
        }
        .map { "\($0.type.rawValue): \($0.message) (\($0.reason))" }
            + holds.map { "Held by \($0.reason): \($0.message). \($0.sentence)." }
    }
}

extension SummaryStatus.HeldSet {
    /// What a person can do about it, and what then happens.
    var sentence: String { "`\(approve)` releases it: \(changes.shortList)" }
}

extension SourceRevision {
    /// Such as `manifests at 4be1c02 (changed)`, `https://host/deploy.git, manifests, at 4be1c02`.
    var words: String {
        let commit = commit.map { " at \($0.prefix(7))\(dirty == true ? " (changed)" : "")" } ?? ""
        guard let url else { return path + commit }
        let details = [path.isEmpty ? nil : path, branch.map { "branch \($0)" }].compactMap { $0 }
        return ([url] + details).joined(separator: ", ") + (commit.isEmpty ? "" : ",\(commit)")
    }
}

extension [String] {
    /// The first ten, and how many more there are.
    var shortList: String {
        prefix(10).joined(separator: ", ") + (count > 10 ? " and \(count - 10) more" : "")
    }
}
