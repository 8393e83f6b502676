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

    /// Waits until something may be due in ``shortestPause``: time alone will change something, the state changed, or the store is
    /// full. Nothing wakes an idle manager each second.
    private func waitUntilDue() async throws {
        let pause = min(state.untilDue(at: moment()) ?? Self.longestPause, Self.longestPause)
        let revision = state.revision
        _ = try await wait(for: .time, upTo: pause - Self.shortestPause) {
            state.revision > revision || readiness == .full ? true : nil
        }
    }

    /// Time-based changes are applied at most this late while the state changes.
    private static let shortestPause: Duration = .seconds(1)
    /// The store is checked this often, and the wall clock, which may be set, has its effect.
    private static let longestPause: Duration = .seconds(10)
    /// The interval between sweeps of tasks that ended long ago.
    private static let sweepInterval: Duration = .seconds(600)
}
