import CubeOrchestratorClient
import Glibc
import Synchronization

/// Whether Ctrl-C, or `kill`, asked for the end.
private let isInterrupted = Atomic(false)

/// Runs a service that counts and one job after the other, follows everything that is told of them until Ctrl-C, and checks that
/// nothing was missing and nothing came twice.
@main
struct Follow {
    static func main() async throws {
        for number in [SIGINT, SIGTERM] { signal(number) { _ in isInterrupted.store(true, ordering: .relaxed) } }
        let faults: [String]
        do {
            let session = try await Session(cube: OrchestratorClient(try .load()))
            print("following \(session.service.name)/\(session.service.ordinal); Ctrl-C ends it")
            faults = try await session.follow { isInterrupted.load(ordering: .relaxed) }
        } catch let error as APIError {
            faults = [error.message]
        }
        for fault in faults { print("fault: \(fault)") }
        exit(faults.isEmpty ? 0 : 1)
    }
}
