import CubeCore
import CubeText
import CubeTypes
import Synchronization
import Testing

@testable import cube

/// Tests which output `cube logs` shows, and in which form.
@Suite struct LogsTests {
    private func task(
        _ name: String, _ ordinal: Int = 0, attempt: Int = 0, state: TaskState = .running, kind: TaskKind = .service,
        hasOutput: Bool = true
    ) throws -> LoggedTask {
        // The id depends only on the task.
        let number = name.utf8.reduce(0) { $0 * 7 + Int($1) } * 100 + ordinal * 10 + attempt
        let digits = "\(1_000_000_000_000 + number)".dropFirst()
        return LoggedTask(
            id: try #require(TaskID(rawValue: "00000000-0000-5000-8000-\(digits)")),
            name: try #require(WorkloadName(rawValue: name)), ordinal: ordinal, attempt: attempt, kind: kind,
            state: state, hasOutput: hasOutput)
    }

    private func subjects(_ words: String...) throws -> [LogSubject] { try words.map(LogSubject.parse) }

    private func slots(_ openings: [LogFollow.Opening]) -> [String] {
        openings.map { "\($0.task.slot) \($0.task.attempt)\($0.isNew ? " new" : "")" }
    }

    @Test func `a subject is a workload, a slot or a task`() throws {
        let id = try task("web").id
        #expect(try LogSubject.parse("web") == .workload(task("web").name))
        #expect(try LogSubject.parse("web/1") == .slot(task("web").name, 1))
        #expect(try LogSubject.parse(id.rawValue) == .task(id))
        for wrong in ["", "web/", "web/x", "web/1/2", "web/-1", "Web"] {
            #expect(throws: (any Error).self) { try LogSubject.parse(wrong) }
        }
    }

    @Test func `logs selects the live or last task of each slot, and with --previous the task before it`() throws {
        let tasks = [
            try task("web", attempt: 1), try task("web", attempt: 0, state: .failed),
            try task("web", 1, attempt: 4, state: .stopped),
            try task("web", 1, attempt: 3, state: .failed), try task("job", state: .completed, kind: .job),
        ]
        func shown(_ words: [LogSubject], previous: Bool = false) -> [String] {
            LogChoice(words).tasks(of: tasks, previous: previous).map { "\($0.slot) \($0.attempt)" }
        }
        #expect(shown([]) == ["job/0 0", "web/0 1", "web/1 4"])
        #expect(try shown(subjects("web")) == ["web/0 1", "web/1 4"])
        #expect(try shown(subjects("web/1", "job")) == ["job/0 0", "web/1 4"])
        #expect(try shown(subjects("web"), previous: true) == ["web/0 0", "web/1 3"])
        #expect(try shown(subjects("job"), previous: true) == [])
        #expect(shown([.task(tasks[1].id)]) == ["web/0 0"])
        #expect(try shown(subjects("nobody")) == [])
    }

    @Test func `every named subject without a task is missing, also if others have tasks`() throws {
        let tasks = [try task("web"), try task("web", 1), try task("job", state: .completed, kind: .job)]
        let named = try subjects("web", "nobody", "web/7", "job/0") + [.task(task("api").id), .task(tasks[0].id)]
        let missing = try subjects("nobody", "web/7") + [.task(task("api").id)]
        #expect(LogChoice(named).missing(in: tasks) == missing)
        #expect(LogChoice([]).missing(in: []) == [])
    }

    /// A source that knows only which owners have tasks.
    private struct KnownOwners: OutputSource {
        /// The owners by the name of the workload.
        var known: [String: Set<OwnerName>]

        func owners(of subject: LogSubject) -> Set<OwnerName> { known[subject.description] ?? [] }

        func tasks(of owner: OwnerName, _ subjects: [LogSubject]) throws -> [LoggedTask] { throw Failure("unexpected") }
        func changes(
            of owner: OwnerName, _ subjects: [LogSubject]
        ) throws -> any AsyncSequence<LogChange, any Error> & Sendable { throw Failure("unexpected") }
        func output(
            of id: TaskID, _ selection: LogSelection
        ) throws -> any AsyncSequence<[UInt8], any Error> & Sendable { throw Failure("unexpected") }
    }

    /// Missing workloads, and the other owner that is suggested.
    static let suggestions: [([String], String?)] = [
        (["one"], "manual"), (["one", "two"], "manual"), (["one", "shared"], nil), (["shared"], nil), (["web"], nil),
        (["one", "nobody"], nil), (["nobody"], nil), ([], nil),
    ]

    @Test(arguments: suggestions)
    func `if only one other owner has all tasks that are missing, it is suggested`(
        words: [String], suggested: String?
    ) async throws {
        let source = KnownOwners(known: [
            "one": [.manual], "two": [.manual], "shared": [.manual, "shop"], "web": [.default],
        ])
        let other = try await source.otherOwner(than: .default, of: words.map(LogSubject.parse))
        #expect(other?.name.rawValue == suggested)
    }

    @Test func `following a workload includes tasks that replace others and tasks that are added`()
        throws
    {
        var follow = LogFollow(try subjects("web"))
        let first = try task("web")
        #expect(slots(follow.take(.listed([first, try task("other")]))) == ["web/0 0"])
        #expect(!follow.isPrefixed && !follow.isOver)

        // After a task ends, its successor is followed from the beginning of its output.
        let ended = try task("web", state: .failed)
        #expect(follow.take(.changed([ended], removed: [])) == [])
        #expect(!follow.isOver)
        let next = try task("web", attempt: 1, state: .pending, hasOutput: false)
        #expect(slots(follow.take(.changed([next, try task("other", attempt: 1)], removed: []))) == ["web/0 1 new"])
        #expect(follow.take(.changed([try task("web", attempt: 1)], removed: [ended.id])) == [])
        #expect(!follow.isPrefixed)

        #expect(slots(follow.take(.changed([try task("web", 1)], removed: []))) == ["web/1 0 new"])
        #expect(follow.isPrefixed)
        // A restarted manager sends a complete list. Tasks that are already followed are not followed twice.
        #expect(follow.take(.listed([try task("web", attempt: 1), try task("web", 1)])) == [])
    }

    @Test func `follow waits for the first task of a workload`() throws {
        var follow = LogFollow(try subjects("web"))
        #expect(follow.take(.listed([])) == [] && !follow.isOver)
        #expect(slots(follow.take(.changed([try task("web")], removed: []))) == ["web/0 0 new"])
    }

    @Test func `following jobs and single tasks ends as soon as all of them have ended`() throws {
        var follow = LogFollow(try subjects("job"))
        _ = follow.take(.listed([try task("job", kind: .job)]))
        #expect(!follow.isOver)
        _ = follow.take(.changed([try task("job", state: .completed, kind: .job)], removed: []))
        #expect(follow.isOver)
        var single = LogFollow([.task(try task("web").id)])
        _ = single.take(.listed([try task("web"), try task("web", 1)]))
        #expect(!single.isOver)
        _ = single.take(.changed([try task("web", state: .stopped), try task("web", attempt: 1)], removed: []))
        #expect(single.isOver)
        // When all workloads are followed, more tasks can start at any time.
        var all = LogFollow([])
        _ = all.take(.listed([try task("job", state: .completed, kind: .job)]))
        #expect(!all.isOver && all.isPrefixed)
    }

    @Test(arguments: [
        ("plain\ttabs", "plain\ttabs"), ("\u{1B}[31mred\u{1B}[0m", "\u{1B}[31mred\u{1B}[0m\u{1B}[0m"),
        ("a\u{1B}[2Jb\u{1B}]0;title\u{7}c", "a\\u{1B}[2Jb\\u{1B}]0;title\\u{07}c"), ("10 %\r20 %", "20 %"),
        ("windows\r", "windows"), ("\u{202E}x\u{0}", "\\u{202E}x\\0"), ("\u{1B}[8mhidden", "hidden"),
        ("\u{1B}[38;5;8mgrey", "\u{1B}[38;5;8mgrey\u{1B}[0m"), ("\u{1B}[0;8mhidden", "hidden"), ("", ""),
    ])
    func `on a terminal, a line keeps its colours and no other control sequence`(line: String, shown: String) {
        #expect(LogLine.shown(line.utf8, hasColour: true) == shown)
        let plain = LogLine.shown(line.utf8, hasColour: false)
        #expect(plain.unicodeScalars.allSatisfy { $0 == "\t" || !$0.properties.generalCategory.isControl })
    }

    @Test func `a line of one attempt is not continued by the output of another one`() async throws {
        let bytes = Mutex<[UInt8]>([])
        let writer = LogWriter(terminal: Terminal(isInteractive: false, hasColour: false)) { new in
            bytes.withLock { $0 += new }
            return true
        }
        let isPrefixed = Mutex(false)
        func write(_ chunks: String..., by task: LoggedTask) async throws {
            let output = AsyncThrowingStream<[UInt8], any Error> { continuation in
                for chunk in chunks { continuation.yield(Array(chunk.utf8)) }
                continuation.finish()
            }
            try await writer.copy(output, of: task) { isPrefixed.withLock(\.self) }
        }
        try await write("one", "", " and", " more", by: task("web"))
        try await write("two\n", by: task("web", attempt: 1))
        try await write("three", by: task("web", attempt: 2))
        // Another replica was added meanwhile.
        isPrefixed.withLock { $0 = true }
        try await write(" and more\nfour\n", by: task("web", attempt: 2))
        try await write("five", by: task("web", 1))
        let text = String(decoding: bytes.withLock(\.self), as: UTF8.self)
        #expect(text == "one and more\ntwo\nthree and more\nweb/0 four\nweb/1 five\n")
    }

    @Test func `a pipe receives the output byte by byte, and lines of several tasks have a prefix`() async throws {
        func written(_ terminal: Terminal, isPrefixed: Bool) async throws -> [UInt8] {
            let bytes = Mutex<[UInt8]>([])
            let writer = LogWriter(terminal: terminal) { new in
                bytes.withLock { $0 += new }
                return true
            }
            let chunks: [[UInt8]] = [[0x1B, 0xFF, 0x0A, 0x61], [0x62]]
            let output = AsyncThrowingStream<[UInt8], any Error> { continuation in
                for chunk in chunks { continuation.yield(chunk) }
                continuation.finish()
            }
            try await writer.copy(output, of: try task("web")) { isPrefixed }
            return bytes.withLock(\.self)
        }
        let (pipe, screen) = (
            Terminal(isInteractive: false, hasColour: false), Terminal(isInteractive: true, hasColour: false)
        )
        #expect(try await written(pipe, isPrefixed: false) == [0x1B, 0xFF, 0x0A, 0x61, 0x62])
        #expect(
            try await written(pipe, isPrefixed: true)
                == Array("web/0 ".utf8) + [0x1B, 0xFF, 0x0A] + Array("web/0 ab\n".utf8))
        #expect(try await written(screen, isPrefixed: false) == Array("\\u{1B}\u{FFFD}\nab\n".utf8))
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isControl: Bool { self == .control || self == .format }
}
