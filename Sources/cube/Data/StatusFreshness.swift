import CubeCore
import CubeErrors
import CubeServer
import CubeSystem
import CubeTransport
import CubeTypes
import CubeWorker
import SystemPackage

/// The reconciler that writes the status files, and whether they are current.
struct StatusFreshness: Encodable {
    /// The time limit for the reconciler's response.
    private static let patience: Duration = .seconds(2)

    /// The running reconciler; `nil` if there is none.
    var reconciler: String?
    /// Why the status may be out of date; `nil` if it is current.
    var outdated: String?
    /// Whether nobody sees the cluster: no reconciler is running, or it cannot read the cluster.
    var isUnattended = false
    /// The tasks that are running here; `nil` if a reconciler is running, or if the tasks run on other machines.
    var living: Set<TaskID>?

    enum CodingKeys: String, CodingKey { case reconciler, outdated }

    /// Returns the freshness of a status with this summary: a running reconciler says there whether it can read the cluster.
    func judged(by summary: SummaryStatus?) -> StatusFreshness {
        guard !isUnattended, summary?.outage != nil else { return self }
        var judged = self
        judged.isUnattended = true
        judged.outdated = outdated ?? "the reconciler cannot read the cluster, so this is the last recorded status"
        return judged
    }

    /// Finds the running reconciler and queries it. Changes nothing.
    static func find(in data: DataDirectory) async throws -> StatusFreshness {
        guard let holder = try DirectoryLock.holder(of: data.reconciler) else {
            let alone = "no reconciler is running here, so this is the last recorded status"
            // Without a worker on this data directory, the reconciler ran separately, and its tasks are on other
            // machines.
            guard !data.workers.isEmpty else {
                return StatusFreshness(
                    outdated: "\(alone). Start a reconciler with \(data.command("reconcile"))", isUnattended: true)
            }
            let supervisors = data.supervisors.filter { !$0.isOrphan }.map(\.process)
            let containers = data.containers
            let count = supervisors.count + containers.count
            let tasks = count == 0 ? "no task is running" : "\(Count(count, "task").verb("is", "are")) running"
            let living = Set(supervisors.compactMap(\.task) + containers.map(\.assignment.id))
            // `cube up` would start a second manager, which is refused. If the lock cannot be read, nobody knows whether one runs.
            let manager = try? DirectoryLock.holder(of: data.manager)
            let command = data.command(manager == nil ? "up" : "reconcile")
            return StatusFreshness(
                outdated: "\(alone); \(tasks) here now. Start a reconciler with \(command)", isUnattended: true,
                living: living)
        }
        return StatusFreshness(reconciler: holder.description, outdated: await problem(in: data))
    }

    private static func problem(in data: DataDirectory) async -> String? {
        do {
            guard let url = try Addresses.load(from: data).reconciler else {
                return "the reconciler has not published its listen address yet"
            }
            let transport = HTTPTransport(
                endpoint: try Endpoint(checking: url, field: "\(data.run)/addresses.json"), token: nil,
                options: ClientOptions(retries: RetryPolicy(attempts: 1), logger: CommandLog.quiet))
            try await transport.send(TransportRequest(.get, ["readyz"], deadline: patience))
            return nil
        } catch let error as APIError where error.isFromServer {
            // The reconciler responded. Problems other than unwritable status files are in the status files themselves.
            return error.details?[Obstacle.statusNotWritten].map { "the reconciler cannot write the status: \($0)" }
        } catch {
            return "the reconciler does not respond: \(Failure(error).message)"
        }
    }
}
