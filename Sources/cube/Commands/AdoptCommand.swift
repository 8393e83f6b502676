import ArgumentParser
import CubeCore
import CubeManagerClient
import CubeText
import CubeTypes

struct AdoptCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Bring running tasks under a manifest without restarting them.",
        discussion: .flowing(
            """
            Transfers the live tasks of that name to the owner of the manifests. Tasks that match their manifest keep
            running; the others are replaced according to the manifest's `update` field. Until a manifest declares the name, its
            tasks are held unchanged, so the manifest can be written before or after. If you write it before, set
            "suspend": true in it; otherwise, Cube also starts its tasks beside the adopted ones.

            Adopts tasks that `cube task run` started or, with --from, the tasks of another owner whose reconciler is
            not running. An adopted task keeps its id and the CUBE_OWNER and CUBE_ORDINAL that it was started with.

            Examples:
              cube adopt web
              cube adopt web --from old-team
            """))

    @Argument(help: "Name of the workload.", transform: WorkloadName.parse)
    var name: WorkloadName
    @Option(help: "Owner whose tasks are adopted.", transform: OwnerName.parse)
    var from = OwnerName.manual
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    func run() async throws {
        let owner = try owner.owner
        guard owner != from else {
            throw ArgumentParser.ValidationError("--owner and --from must differ; both are \(owner)")
        }
        let client = try manager.writer()
        let list = try await client.tasks(owner: from, name: name)
        let tasks = list.tasks.filter { $0.isAdoptable }
        let key = list.digestKey.flatMap(DigestKey.init(hexadecimal:))
        guard !tasks.isEmpty else {
            throw Failure("owner \(from) has no live task of \(name)", hint: "`cube task list` lists the live tasks")
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
