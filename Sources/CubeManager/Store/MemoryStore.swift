package import CubeCore
import CubeSystem
package import CubeTypes
import Synchronization

/// A store in memory, for tests. Tests can make its commits fail.
package final class MemoryStore: Store {
    private struct Contents {
        var stored: StoredCluster
        var failure: StoreError?
        var commits = 0
        var checks = 0
    }

    private let contents: Mutex<Contents>

    package init(cluster: ClusterID, random: RandomSource = .system) {
        contents = Mutex(
            Contents(
                stored: StoredCluster(
                    term: 0, records: ClusterRecords(cluster: cluster), digestKey: DigestKey(from: random), events: []))
        )
    }

    package func begin(at moment: DurableInstant) -> StoredCluster {
        contents.withLock {
            $0.stored.term += 1
            return $0.stored
        }
    }

    package func commit(_ changes: ClusterChanges) throws {
        try contents.withLock {
            if let failure = $0.failure { throw failure }
            $0.stored.stops.removeAll(where: changes.storeStop)
            if let term = changes.term { $0.stored.term = term }
            $0.stored.records.apply(changes)
            $0.stored.events += changes.events
            $0.commits += 1
        }
    }

    package func note(stops: [TaskID]) throws { contents.withLock { $0.stored.stops += stops } }

    package func check() throws {
        let failure = contents.withLock { contents in
            contents.checks += 1
            return contents.failure
        }
        if case .failed(let text) = failure { throw StoreError.failed(text) }
    }

    /// Returns an empty backup, as there is no file to copy.
    package func backup() -> any StoreBackup { EmptyBackup() }

    private struct EmptyBackup: StoreBackup {
        func read() -> [UInt8] { [] }
    }

    /// Makes every commit fail with `failure` from now on; `nil` lets commits succeed again.
    package func fail(with failure: StoreError?) { contents.withLock { $0.failure = failure } }

    /// The committed contents.
    package var stored: StoredCluster { contents.withLock { $0.stored } }

    /// The number of successful commits.
    package var commits: Int { contents.withLock { $0.commits } }

    /// How often the manager called ``check()``.
    package var checks: Int { contents.withLock { $0.checks } }
}
