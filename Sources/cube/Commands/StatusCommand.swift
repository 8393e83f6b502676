import ArgumentParser
import CubeCore
import CubeReconciler
import CubeSystem
import CubeText
import CubeTypes
import SystemPackage

struct StatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the status of workloads: sync, health, held changes, and reasons.",
        discussion: .flowing(
            """
            Reads the status files in .cube/status, and asks the reconciler whether they are current. SYNC shows whether
            the tasks match the manifests, HEALTH whether they are healthy, and WHY the reason for a problem. With -o
            wide, there is one row for each task, with its node, its attempt, its age, the beginning of its spec digest,
            its endpoints, and the location of its manifest.

            With --watch, the output continues until Ctrl-C. On a terminal, it is redrawn in place; elsewhere, one line
            is printed for each workload, and then a line for each change. With -o json, each line is an object.

            With --wait, the command waits until all workloads, or the named ones, are Synced and Healthy, and then
            prints them. It does not wait for frozen workloads, nor for changes that the reconciler has not read yet;
            `cube apply` waits for the latter.

            Exit codes: 0 success, 1 error, 5 with --wait: not healthy in time.

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
    @Flag(name: .shortAndLong, help: "Keep showing changes until Ctrl-C.")
    var watch = false
    @Flag(help: "Wait until all workloads, or the named ones, are healthy. Exit with 5 if they are not in time.")
    var wait = false
    @Option(
        help: ArgumentHelp("Maximum time for --wait. (default: 5m)", valueName: "duration"), transform: Duration.parse)
    var timeout: Duration?
    @OptionGroup var manager: ConnectionOptions
    @Option(name: .shortAndLong, help: "Output format: text, wide, json or markdown.")
    var output: Format = .text

    func validate() throws {
        if watch, output == .markdown { throw ValidationError("--watch and -o markdown cannot be combined") }
        if watch, wait { throw ValidationError("--watch and --wait cannot be combined") }
        if timeout != nil, !wait { throw ValidationError("--timeout requires --wait") }
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
                hint:
                    "the status is on the machine of the reconciler; start one here with `cube up`, or list the manager's tasks "
                    + "with `cube task list`")
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

    /// Tasks that run without a manifest, if a manager can be reached. The status files do not contain them.
    private func unmanaged(besides owner: OwnerName) async -> [TextLine] {
        do {
            let tasks = try await ManagerClusterReader(client: manager.reader()).unmanaged(besides: owner)
            return Dictionary(grouping: tasks) { [$0.owner.rawValue, $0.name.rawValue] }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { subject, tasks in
                    let from = tasks[0].owner == .manual ? "" : " --from \(subject[0])"
                    return
                        "Not declared by a manifest: \(Count(tasks.count, "task")) of \(subject.joined(separator: "/")); "
                        + "`cube adopt \(subject[1])\(from)` puts \(tasks.count == 1 ? "it" : "them") under one."
                }
        } catch {
            return []  // The status comes from the files and does not need a manager.
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
                hint: "start one with `cube up`", exitCode: .notConverged)
        }
        let unwell = waiter.unwell
        // An unknown name is reported together with the unhealthy workloads.
        if names.names.allSatisfy({ picture.workloads[$0] != nil }) { try await show(picture) }
        guard !unwell.isEmpty else { return }
        for reason in unwell.prefix(10) { Terminal.note("\("not healthy:", .red) \(reason)") }
        if unwell.count > 10 { Terminal.note("… and \(unwell.count - 10) more") }
        throw ExitCode(ExitStatus.notConverged.rawValue)
    }

    private func follow() async throws {
        let isScreen = Terminal.standardOutput.isInteractive && output != .json
        if !place.data.status.appending("summary.json").exists {
            Terminal.note("No reconciler has written a status to \(place.data.status) yet; waiting for one.")
        }
        let viewer: any StatusViewer =
            isScreen
            ? StatusScreen(form: output == .wide ? .wide : .brief, names: Set(names.names))
            : StatusLines(isJSON: output == .json, names: Set(names.names)) { Terminal.output($0) }
        try await ForegroundProcess.run([StatusWatch(data: place.data, viewer: viewer)])
    }
}

/// The JSON form of the status.
private struct Status: Encodable {
    var summary: SummaryStatus
    /// The reconciler that is running; `nil` if none is.
    var reconciler: String?
    /// Why the status may be out of date; `nil` if it is current.
    var outdated: String?
    var workloads: [WorkloadStatus]
}
