import CubeErrors
import CubeServer
import CubeTransport
import CubeTypes
import CubeWorker
import SystemPackage

/// Who keeps the written status up to date, and whether it is.
struct StatusFreshness: Encodable {
    /// How long a reconciler may take to say that it is well.
    private static let patience: Duration = .seconds(2)

    /// The reconciler that is at work; `nil`: nobody.
    var reconciler: String?
    /// Why what is written may not be how things are; `nil` where it is.
    var outdated: String?
    /// Whether no reconciler is at work.
    var isAbsent = false
    /// The tasks that run here; `nil` where a reconciler knows, or tasks run elsewhere.
    var living: Set<TaskID>?

    enum CodingKeys: String, CodingKey { case reconciler, outdated }

    /// Looks who is at work, and asks it. Changes nothing.
    static func find(in data: DataDirectory) async throws -> StatusFreshness {
        guard let holder = try DirectoryLock.holder(of: data.reconciler) else {
            let alone = "no reconciler is at work here, so this is what the last one saw"
            // Where no worker has been, a reconciler stood alone, and its tasks run elsewhere.
            guard !data.workers.isEmpty else {
                return StatusFreshness(outdated: "\(alone). `cube reconcile` starts one", isAbsent: true)
            }
            let supervisors = data.supervisors.filter { !$0.isOrphan }
            let count = supervisors.count
            let tasks = count == 0 ? "no task runs" : Count(count, "task").verb("runs", "run")
            let living = Set(supervisors.compactMap(\.task))
            return StatusFreshness(
                outdated: "\(alone); now \(tasks) here. `cube up` starts one", isAbsent: true, living: living)
        }
        return StatusFreshness(reconciler: holder.description, outdated: await problem(in: data))
    }

    private static func problem(in data: DataDirectory) async -> String? {
        do {
            guard let url = try Addresses.load(from: data).reconciler else {
                return "the reconciler has not told yet where it listens"
            }
            let transport = HTTPTransport(
                endpoint: try Endpoint(checking: url, field: "\(data.run)/addresses.json"), token: nil,
                options: ClientOptions(retries: RetryPolicy(attempts: 1), logger: CommandLog.quiet))
            try await transport.send(TransportRequest(.get, ["readyz"], deadline: patience))
            return nil
        } catch let error as APIError where error.isFromServer {
            // The reconciler's own answer: whatever else it lacks stands in what it wrote.
            return error.details?[Obstacle.statusNotWritten].map { "the reconciler cannot write it: \($0)" }
        } catch {
            return "the reconciler does not answer: \(Failure(error).message)"
        }
    }
}
