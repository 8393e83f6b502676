import CubeCore
import CubeErrors
import CubeTypes
import Logging

extension ManagerService {
    /// Applies the changes that are due to time alone.
    func watchTime() async {
        var sweep = DurableDeadline(Self.sweepInterval, from: moment())
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: Self.shortestPause)
                await checkStore()
                if state.isDue(at: moment()) {
                    try await write { (transaction) throws(APIError) in transaction.tick() }
                }
                if readiness == .full {
                    try await write { (transaction) throws(APIError) in try transaction.probe() }
                }
                if sweep.hasPassed(at: moment()) {
                    sweep = DurableDeadline(Self.sweepInterval, from: moment())
                    try await write { (transaction) throws(APIError) in transaction.sweep() }
                    try await recordTokenUses()
                }
                try await waitUntilDue()
            } catch is CancellationError {
                return
            } catch let error as APIError where error.reason == .storageFull {
                continue  // The change to full was logged.
            } catch {
                logger.warning("cannot apply time-based changes; retrying", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Waits as long as nothing can become due within ``shortestPause``, so that an idle manager does not wake up each second. A change
    /// of the state and a full store end the wait.
    private func waitUntilDue() async throws {
        let pause = min(state.untilDue(at: moment()) ?? Self.longestPause, Self.longestPause)
        let revision = state.revision
        _ = try await wait(for: .time, upTo: pause - Self.shortestPause) {
            state.revision > revision || readiness == .full ? true : nil
        }
    }

    /// Changes that are due are applied at most this late.
    private static let shortestPause: Duration = .seconds(1)
    /// The store of an idle manager is checked this often, and a wall clock that was set has its effect at most this late.
    private static let longestPause: Duration = .seconds(10)
    /// The interval between sweeps of tasks that ended long ago.
    private static let sweepInterval: Duration = .seconds(600)
}
