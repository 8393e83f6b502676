import CubeCore
import CubeTypes
import Logging
import Testing

@testable import CubeReconciler

/// The stored window of prunes across restarts and clock changes.
struct StoredWindowTests {
    private let start = Timestamp(milliseconds: 1_767_225_600_000)
    private let name = WorkloadName(rawValue: "web")!
    private let limits = GuardLimits()

    /// The current time after a time span since the first start of the process.
    ///
    /// - Parameters:
    ///   - span: The time that really passed.
    ///   - shift: By how much the wall clock was set meanwhile.
    private func present(after span: Duration, shift: Duration = .zero, boot: String = "one") -> Present {
        let wall = start + span + shift
        return Present(
            now: wall, moment: DurableInstant(boot: boot, uptime: .seconds(1000) + span, wall: wall))
    }

    /// How many more of ten names may be pruned, for a process that starts then.
    private func left(at present: Present) throws -> Int {
        let directory = try TemporaryDirectory()
        let memory = ReconcilerMemory(
            directory: directory.path, files: LocalFileSystem(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let first = self.present(after: .zero)
        var window = GuardWindow()
        window.release(name, at: first.now, approved: false)
        try memory.save(window, at: first)
        var later = memory.window(at: present)
        later.expire(at: present.now, limits)
        return later.left(of: 10, limits)
    }

    @Test(arguments: [-7200, -1, 0, 1, 7200])
    func `setting the wall clock neither shortens nor extends a window`(shift: Int) throws {
        #expect(try left(at: present(after: .seconds(599), shift: .seconds(shift))) == 2)
        #expect(try left(at: present(after: .seconds(600), shift: .seconds(shift))) == 3)
    }

    @Test func `after a reboot the wall clock decides, and a future time counts as now`() throws {
        #expect(try left(at: present(after: .seconds(599), boot: "two")) == 2)
        #expect(try left(at: present(after: .seconds(600), boot: "two")) == 3)
        #expect(try left(at: present(after: .seconds(60), shift: .seconds(-7200), boot: "two")) == 2)
    }

    @Test func `the format of an older version can be read`() throws {
        let directory = try TemporaryDirectory()
        let old = #"{"entries": {"web": {"at": "2026-01-01T00:00:00Z", "approved": false, "returned": false}}}"#
        try directory.write(old, to: "reconciler/window.json")
        let memory = ReconcilerMemory(
            directory: directory.path, files: LocalFileSystem(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(memory.window(at: present(after: .seconds(60))).hasReleased(name))
    }
}
