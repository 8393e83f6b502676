import CubeOrchestratorClient
import Glibc
import Synchronization

/// Whether Ctrl-C or `kill` has requested the end.
private let isInterrupted = Atomic(false)

/// Runs a service that counts and one job after another, follows all their streams until Ctrl-C, and checks that nothing was missing
/// or duplicated.
@main
struct Follow {
    static func main() async throws {
        for number in [SIGINT, SIGTERM] { signal(number) { _ in isInterrupted.store(true, ordering: .relaxed) } }
        let faults: [String]
        do {
            let session = try await Session(cube: OrchestratorClient(try .load()))
            print("following \(session.service.name)/\(session.service.ordinal); press Ctrl-C to stop")
            faults = try await session.follow { isInterrupted.load(ordering: .relaxed) }
        } catch let error as APIError {
            faults = [error.message]
        }
        for fault in faults { print("fault: \(fault)") }
        exit(faults.isEmpty ? 0 : 1)
    }
}
