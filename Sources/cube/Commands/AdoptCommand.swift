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
        let key = list.digestKey.flatMap(DigestKey.init(hexadecimal:))
        let own = try await client.tasks(owner: owner, name: name).tasks
        let declared = try WrittenStatus(data: manager.place.data).workload(name)
        let plan: AdoptionPlan
        do throws(AdoptionPlan.Refusal) {
            plan = try AdoptionPlan(candidates: list.tasks, own: own, declared: declared)
        } catch {
            throw failure(error)
        }
        for task in plan.tasks {
            let adopted = try await client.adopt(task.id, with: AdoptRequest(owner: owner, maxLive: plan.maxLive))
            let fate = Self.words(plan.fate(of: adopted, digestKey: key))
            Terminal.output("\(adopted.name)/\(adopted.ordinal) belongs to \(owner) now: \(fate).")
        }
    }

    private func failure(_ refusal: AdoptionPlan.Refusal) -> Failure {
        switch refusal {
        case .nothingToAdopt:
            Failure("owner \(from) has no live task of \(name)", hint: "`cube task list` lists the live tasks")
        case .tooMany(let live, let wanted, let more):
            Failure(
                "\(name) already has \(Count(live, "task")) of \(wanted), so \(more) more cannot be adopted",
                hint: "stop some of them with `cube task stop`, or increase `replicas` in the manifest")
        }
    }

    private static func words(_ fate: AdoptionPlan.Fate) -> String {
        switch fate {
        case .runsOn: "it matches its manifest and keeps running"
        case .isReplaced: "it differs from its manifest and will be replaced according to `update`"
        case .isHeld: "it is held unchanged until a manifest declares it"
        }
    }
}
