import CubeCore
import CubeSystem
import Glibc
import Synchronization

/// Leases of exclusive tasks. The supervisor of a run kills it when its lease ends, even if no worker runs any more.
extension ProcessRuntime {
    var exclusiveKinds: [RuntimeKind] { [.process] }

    func lease(_ run: RunIdentity, until end: Duration?, at now: Duration) throws -> Bool {
        guard let live = live(run) else {
            leases.withLock { $0[run] = end }
            return true
        }
        let directory = directory(of: run)
        let former = try directory.lease()
        guard let end else {
            if former != nil { try directory.removeLease() }
            return false
        }
        // The supervisor may be about to kill the run.
        if let former, former <= now { return false }
        guard live.knowsLeases else { return false }
        try directory.write(lease: max(end, former ?? end))
        // A supervisor reads a lease that it knows again before it acts.
        if former == nil { try live.supervisor.signal(SIGHUP) }
        return true
    }
}
