import CubeCore
import CubeErrors
import Logging

extension ManagerService {
    /// Applies the changes that are due to time alone.
    func watchTime() async {
        var ticks = 0
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: .seconds(1))
                ticks += 1
                await checkStore()
                if state.isDue(at: moment()) {
                    try await write { (transaction) throws(APIError) in transaction.tick() }
                }
                if readiness == .full {
                    try await write { (transaction) throws(APIError) in try transaction.probe() }
                }
                if ticks % Self.sweepInterval == 0 {
                    try await write { (transaction) throws(APIError) in transaction.sweep() }
                    try await recordTokenUses()
                }
            } catch is CancellationError {
                return
            } catch let error as APIError where error.reason == .storageFull {
                continue  // The change to full was logged.
            } catch {
                logger.warning("cannot apply time-based changes; retrying", metadata: ["error": "\(error)"])
            }
        }
    }

    /// The interval in seconds between sweeps of tasks that ended long ago.
    private static let sweepInterval = 600
}
