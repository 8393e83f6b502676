import CubeCore
package import CubeTypes

/// The present on two clocks: the one that decides while this process runs, and the one by which moments are stored.
package struct Present: Hashable, Sendable {
    /// A time that does not jump while the process runs.
    package var now: Timestamp
    package var moment: DurableInstant

    package init(now: Timestamp, moment: DurableInstant) {
        self.now = now
        self.moment = moment
    }

    /// A time of this process, to be stored.
    func moment(of time: Timestamp) -> DurableInstant { moment + min(time - now, .zero) }

    /// A moment that was stored, as a time of this process: never in the future.
    func time(of stored: DurableInstant) -> Timestamp { now + (.zero - moment.since(stored)) }
}

/// The guard's window, as it is stored: with the boot that each moment belongs to, so that no clock that is set ends it or keeps it
/// from its end.
struct StoredWindow: Codable, Hashable {
    private struct Entry: Codable, Hashable {
        var at: DurableInstant
        var approved: Bool
        var returned: Bool
    }

    private var entries: [WorkloadName: Entry]

    init(_ window: GuardWindow, at present: Present) {
        entries = window.entries.mapValues {
            Entry(at: present.moment(of: $0.at), approved: $0.approved, returned: $0.returned)
        }
    }

    func window(at present: Present) -> GuardWindow {
        GuardWindow(
            entries: entries.mapValues {
                GuardWindow.Entry(at: present.time(of: $0.at), approved: $0.approved, returned: $0.returned)
            })
    }
}
