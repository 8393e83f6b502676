import CubeCore
import CubeTypes
import Testing

@testable import CubeReconciler

@Suite struct SourceChangeTests {
    @Test func `A file that is being written is looked at when it is closed`() {
        var pending = SourceChange()
        pending.merge(SourceChange(open: ["a.json"]))
        pending.merge(SourceChange(entries: ["b.json"]))
        #expect(pending.take(including: []) == SourceChange(entries: ["b.json"], open: ["a.json"]))
        // It stays open until something else is reported.
        #expect(pending.take(including: []) == SourceChange(open: ["a.json"]))
        pending.merge(SourceChange(entries: ["a.json"]))
        #expect(pending.take(including: []) == SourceChange(entries: ["a.json"]))
        #expect(pending == SourceChange())
    }

    @Test func `A file that is opened again before it is looked at waits again`() {
        var pending = SourceChange(entries: ["a.json", "b.json"])
        pending.merge(SourceChange(open: ["a.json"]))
        #expect(pending.take(including: []) == SourceChange(entries: ["b.json"], open: ["a.json"]))
    }

    @Test func `A file that stays open is looked at when it is overdue, and again after its next change`() {
        var pending = SourceChange(open: ["a.json", "b.json"])
        // Only open files can be overdue.
        #expect(
            pending.take(including: ["a.json", "c.json"]) == SourceChange(entries: ["a.json"], open: ["b.json"]))
        pending.merge(SourceChange(open: ["a.json"]))
        #expect(pending.take(including: []) == SourceChange(open: ["a.json", "b.json"]))
    }

    @Test func `Another revision is something to look at, once`() {
        var pending = SourceChange(open: ["a.json"])
        #expect(pending.isEmpty)
        pending.merge(SourceChange(revision: true))
        pending.merge(SourceChange(entries: ["b.json"]))
        #expect(!pending.isEmpty)
        #expect(
            pending.take(including: []) == SourceChange(entries: ["b.json"], open: ["a.json"], revision: true))
        #expect(pending == SourceChange(open: ["a.json"]))
    }

    @Test func `A file is overdue some time after it was first seen open`() {
        var files = FilesBeingWritten(patience: .seconds(5))
        #expect(files.overdueAt == nil)
        files.note(["a.json"], at: Timestamp(milliseconds: 1000))
        files.note(["a.json", "b.json"], at: Timestamp(milliseconds: 3000))
        #expect(files.overdueAt == Timestamp(milliseconds: 6000))
        #expect(files.overdue(at: Timestamp(milliseconds: 5999)).isEmpty)
        #expect(files.overdue(at: Timestamp(milliseconds: 6000)) == ["a.json"])
        // It was looked at or closed, and is opened again.
        files.note(["b.json"], at: Timestamp(milliseconds: 6000))
        files.note(["a.json", "b.json"], at: Timestamp(milliseconds: 7000))
        #expect(files.overdueAt == Timestamp(milliseconds: 8000))
        #expect(files.overdue(at: Timestamp(milliseconds: 8000)) == ["b.json"])
    }

    @Test func `A change waits for git, but not for a lock that stays, until that is gone`() {
        var lock = GitLock(patience: .seconds(10))
        func isAwaited(_ isBusy: Bool, at seconds: Int64) -> Bool {
            lock.isAwaited(isBusy: isBusy, at: Timestamp(milliseconds: seconds * 1000))
        }
        #expect(!isAwaited(false, at: 0))
        #expect(isAwaited(true, at: 1))
        #expect(isAwaited(true, at: 10))
        #expect(!isAwaited(true, at: 11))
        #expect(!isAwaited(true, at: 1000))
        #expect(!isAwaited(false, at: 1001))
        #expect(isAwaited(true, at: 1002))
    }
}
