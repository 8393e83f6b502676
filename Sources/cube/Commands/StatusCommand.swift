import ArgumentParser
import CubeCore
import CubeReconciler
import CubeText
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

            With --wait it waits until all workloads, or those that are named, are Synced and Healthy, and then shows them. A
            frozen workload is not waited for. A change that the reconciler has not read yet is not waited for either: `cube
            apply` does that.

            Exit codes: 0, 1 an error, 5 with --wait: not healthy in time.

            Examples:
              cube status
              cube status -o wide
              cube status web api
              cube status --wait --timeout 2m
              cube status --watch
              cube status --watch -o json | jq -c .workload
              cube explain web
            """))

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, wide, json, markdown }

    @OptionGroup var names: NamesArgument
    @Flag(name: .shortAndLong, help: "Go on with what changes, until Ctrl-C.")
    var watch = false
    @Flag(help: "Wait until everything, or what is named, is healthy; the exit code tells whether it is.")
    var wait = false
    @Option(
        help: ArgumentHelp("How long --wait waits. (default: 5m)", valueName: "duration"), transform: Duration.parse)
    var timeout: Duration?
    @OptionGroup var manager: ConnectionOptions
    @Option(name: .shortAndLong, help: "The form of the result: text, wide, json or markdown.")
    var output: Format = .text

    func validate() throws {
        if watch, output == .markdown { throw ValidationError("--watch and -o markdown exclude each other") }
        if watch, wait { throw ValidationError("--watch and --wait exclude each other") }
        if timeout != nil, !wait { throw ValidationError("--timeout needs --wait") }
    }

    private var place: PlaceOptions { manager.place }

    func run() async throws {
        if watch { return try await follow() }
        if wait { return try await waitUntilHealthy() }
        var picture = StatusPicture()
        _ = try picture.read(.init(everything: true), from: WrittenStatus(data: place.data))
        picture.freshness = try await StatusFreshness.find(in: place.data)
        try await show(picture)
    }

    private func show(_ seen: StatusPicture) async throws {
        let picture = seen.attended
        guard let summary = picture.summary else {
            throw Failure(
                "no reconciler has written a status to \(place.data.status) yet",
                hint: "`cube up` starts one; `cube task list` asks the manager itself")
        }
        try names.require(knownIn: picture.workloads.keys)
        let workloads = picture.reports.map(\.status).filter { names.contains($0.name) }
        switch output {
        case .json:
            let status = Status(
                summary: summary, reconciler: picture.freshness.reconciler, outdated: picture.freshness.outdated,
                workloads: workloads)
            Terminal.output(json: try JSONText.pretty(status))
        case .text, .wide:
            let text = text(picture, summary, workloads, output == .wide ? .wide : .full)
            Terminal.output(text.lines(columns: Terminal.standardOutput.columns))
            if names.isAll, picture.freshness.outdated == nil {
                Terminal.output(await unmanaged(besides: summary.owner))
            }
        case .markdown:
            Terminal.output(text(picture, summary, workloads, .full).markdown)
        }
    }

    private func text(
        _ picture: StatusPicture, _ summary: SummaryStatus, _ workloads: [WorkloadStatus], _ form: StatusTable.Form
    ) -> StatusText {
        StatusText(
            summary, workloads, reconciler: picture.freshness.reconciler, outdated: picture.freshness.outdated,
            table: StatusTable(form: form, now: .now))
    }

    /// What runs without a manifest, where there is a manager to ask: what is written says nothing of it.
    private func unmanaged(besides owner: OwnerName) async -> [TextLine] {
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

    private func waitUntilHealthy() async throws {
        let waiter = StatusWaiter(names: Set(names.names))
        let limit = timeout ?? .seconds(300)
        try await ForegroundProcess.run([
            StatusWatch(data: place.data, viewer: waiter), Deadline(limit: limit),
        ])
        guard let picture = waiter.picture else {
            throw Failure(
                "no reconciler has written a status to \(place.data.status) within \(limit.text)",
                hint: "`cube up` starts one", exitCode: .notConverged)
        }
        let unwell = waiter.unwell
        // A name that nobody knows is told with the rest of what is not well.
        if names.names.allSatisfy({ picture.workloads[$0] != nil }) { try await show(picture) }
        guard !unwell.isEmpty else { return }
        for reason in unwell.prefix(10) { Terminal.note("\("not healthy:", .red) \(reason)") }
        if unwell.count > 10 { Terminal.note("… and \(unwell.count - 10) more") }
        throw ExitCode(ExitStatus.notConverged.rawValue)
    }

    private func follow() async throws {
        let isScreen = Terminal.standardOutput.isInteractive && output != .json
        if !place.data.status.appending("summary.json").exists {
            Terminal.note("No reconciler has written a status to \(place.data.status) yet; it is waited for.")
        }
        let viewer: any StatusViewer =
            isScreen
            ? StatusScreen(form: output == .wide ? .wide : .brief, names: Set(names.names))
            : StatusLines(isJSON: output == .json, names: Set(names.names)) { Terminal.output($0) }
        try await ForegroundProcess.run([StatusWatch(data: place.data, viewer: viewer)])
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
