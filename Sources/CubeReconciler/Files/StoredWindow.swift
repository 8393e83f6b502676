import CubeCore
import CubeTypes

/// The guard's window in stored form. Each moment includes its boot, so that setting the wall clock neither ends the
/// window early nor prolongs it.
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
