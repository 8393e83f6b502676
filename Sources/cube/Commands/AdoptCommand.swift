import ArgumentParser
import CubeCore
import CubeManagerClient
import CubeText
import CubeTypes

struct AdoptCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Put tasks that run without a manifest under one, without a restart.",
        discussion: .flowing(
            """
            The live tasks of that name go over to the owner of the manifests. What is as its manifest says runs on; what is not
            is replaced, as its `update` says. Until there is a manifest, the tasks are held as they are, so that it may be
            written first or last; one that is written first should say "suspend": true, or its own tasks are started beside
            them.

            Takes over what `cube task run` started, and with --from what another owner has whose reconciler is not at work. A
            task that was adopted has the CUBE_OWNER, CUBE_ORDINAL and id that it was started with.

            Examples:
              cube adopt web
              cube adopt web --from old-team
            """))

    @Argument(help: "The workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @Option(help: "Whose tasks are taken over.", transform: OwnerName.parse)
    var from = OwnerName.manual
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func run() async throws {
        let owner = try owner.owner
        guard owner != from else {
            throw ArgumentParser.ValidationError("--owner and --from are the same: \(owner)")
        }
        let client = try manager.writer()
        let list = try await client.tasks(owner: from, name: name)
        let tasks = list.tasks.filter { $0.isAdoptable }
        let key = list.digestKey.flatMap(DigestKey.init(hexadecimal:))
        guard !tasks.isEmpty else {
            throw Failure("owner \(from) has no live task of \(name)", hint: "`cube task list` lists what there is")
        }
        let declared = try WrittenStatus(data: manager.place.data).workload(name)
        let live = try await client.tasks(owner: owner, name: name).tasks.count { !$0.state.hasEnded }
        // Beyond the replicas they would be stopped at once.
        let wanted = declared.flatMap { $0.desiredDigest == nil ? nil : $0.replicas.desired } ?? live + tasks.count
        guard live + tasks.count <= wanted else {
            throw Failure(
                "\(name) has \(Count(live, "task")) of \(wanted) already, and \(tasks.count) more would be too many",
                hint: "`cube task stop` ends some of them, or the manifest's `replicas` makes room")
        }
        for task in tasks {
            let adopted = try await client.adopt(task.id, with: AdoptRequest(owner: owner, maxLive: wanted))
            let fate =
                declared?.desiredDigest.map {
                    $0 == key?.keyed(adopted.specDigest) ?? adopted.specDigest
                        ? "it runs on, as its manifest says"
                        : "it differs from its manifest, and is replaced as that one's `update` says"
                } ?? "it is held as it is until a manifest declares it"
            Terminal.output("\(adopted.name)/\(adopted.ordinal) belongs to \(owner) now: \(fate).")
        }
    }
}

extension TaskStatus {
    /// Whether there is something of it to take over.
    var isAdoptable: Bool { !state.hasEnded && state != .stopping }
}
