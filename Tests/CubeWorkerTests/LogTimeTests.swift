import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import CubeWorker

/// The times of task output: how a supervisor records them, and how a reader uses them.
@Suite final class LogTimeTests {
    private let directory = NSTemporaryDirectory() + "cube-times-\(UUID())"

    init() throws { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: directory) }  // A leftover in /tmp is harmless.

    private func write(_ number: Int, _ pieces: [(milliseconds: Int64?, text: String)]) throws {
        var (times, log) = (Data(LogTimes.header), Data())
        for piece in pieces {
            if let time = piece.milliseconds {
                withUnsafeBytes(of: Int64(log.count)) { times += $0 }
                withUnsafeBytes(of: time) { times += $0 }
            }
            log += Data(piece.text.utf8)
        }
        try log.write(to: URL(filePath: "\(directory)/\(number).log"))
        if pieces.contains(where: { $0.milliseconds != nil }) {
            // A record that a full disk truncated is ignored.
            try (times + Data([1, 2, 3])).write(to: URL(filePath: "\(directory)/\(number).times"))
        }
    }

    private func read(_ selection: LogSelection) async throws -> String {
        var bytes: [UInt8] = []
        let output = TaskOutput(
            log: TaskLog(directory: directory), selection: selection, clock: ContinuousClock(), hasEnded: { true })
        for try await chunk in output { bytes += chunk }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test func `each line has the time of its beginning, across file boundaries`() async throws {
        try write(1, [(1_000, "one\ntw"), (2_000, "o\nthree\n")])
        try write(2, [(3_000, "four\n")])
        #expect(
            try await read(LogSelection(timestamps: true)) == """
                1970-01-01T00:00:01.000Z one
                1970-01-01T00:00:01.000Z two
                1970-01-01T00:00:02.000Z three
                1970-01-01T00:00:03.000Z four

                """)
        #expect(try await read(LogSelection(tail: 1, timestamps: true)) == "1970-01-01T00:00:03.000Z four\n")
    }

    @Test func `since omits lines that began earlier, and returns all later lines completely`() async throws {
        try write(1, [(1_000, "one\ntw"), (2_000, "o\nthree\n")])
        try write(2, [(3_000, "four\nfive\n")])
        #expect(try await read(LogSelection(since: time(500))) == "one\ntwo\nthree\nfour\nfive\n")
        #expect(try await read(LogSelection(since: time(1_001))) == "three\nfour\nfive\n")
        #expect(try await read(LogSelection(since: time(2_500))) == "four\nfive\n")
        #expect(try await read(LogSelection(tail: 1, since: time(500))) == "five\n")
        #expect(try await read(LogSelection(tail: 4, since: time(2_500))) == "four\nfive\n")
        #expect(try await read(LogSelection(since: time(3_001))) == "")
    }

    @Test func `output without times is included, and its lines are marked with an unknown time`() async throws {
        try write(1, [(nil, "old\n")])
        try write(2, [(nil, "before the upgrade\n"), (5_000, "after it\n")])
        #expect(
            try await read(LogSelection(timestamps: true))
                == "- old\n- before the upgrade\n1970-01-01T00:00:05.000Z after it\n")
        #expect(try await read(LogSelection(since: time(5_000))) == "old\nbefore the upgrade\nafter it\n")
        // Output in a file that was last modified before that time is older.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 4)], ofItemAtPath: "\(directory)/1.log")
        #expect(try await read(LogSelection(since: time(5_000))) == "before the upgrade\nafter it\n")
    }

    @Test func `a program that writes a few bytes at a time does not fill the disk with times`() async throws {
        try await WorkerWorld.with { world in
            let (run, logs) = ("\(world.directory)/run", "\(world.directory)/log")
            for path in [world.directory.string, run, logs] { try LocalFiles.makeDirectory(path) }
            let script = "for i in $(seq 50); do echo; sleep 0.002; done"
            try RunDirectory(path: run).write(
                RunDirectory.Launch(
                    arguments: ["sh", "-c", script], program: "sh", environment: ["PATH=/usr/bin:/bin"],
                    workingDirectory: "/", user: nil, forbidsNewPrivileges: false, logs: logs, logBytes: 64,
                    stop: StopPolicy()))
            let supervisor = try Spawned(WorkerWorld.supervisor.string, [run])
            #expect(try await supervisor.errorOutput() == "")
            try await supervisor.process.end()
            #expect(try RunDirectory(path: run).outcome()?.result.code == 0)
            let numbers = try TaskLog(directory: logs).numbers()
            #expect(numbers.count == TaskLog.files && numbers.first != 1)
            // A file holds the header and three records.
            let sizes = try numbers.map { try LocalFiles.read("\(logs)/\($0).times")?.count }
            #expect(sizes.allSatisfy { $0.map { (32...64).contains($0) } ?? false } && sizes.first == 64, "\(sizes)")
        }
    }

    @Test func `a supervisor records when output was written, and times files are removed with their log files`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let before = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) - 1)
                let id = try await worker.assign(.script("echo one; echo two; exit 0")).id
                _ = try await worker.ended(id)
                func output(_ selection: LogSelection) async throws -> [String] {
                    var bytes: [UInt8] = []
                    for try await chunk in try await worker.service.logs(id, selection) { bytes += chunk }
                    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
                }
                let lines = try await output(LogSelection(timestamps: true))
                #expect(lines.map { $0.split(separator: " ").last } == ["one", "two"])
                let times = try lines.map { try #require(Timestamp(String($0.prefix { $0 != " " }))) }
                #expect(times.allSatisfy { $0 > before } && times == times.sorted())
                #expect(try await output(LogSelection(since: before)) == ["one", "two"])
                #expect(try await output(LogSelection(since: before + .seconds(3600))) == [])

                let long = try await worker.assign(.script("yes 'a line of output' | head -c 41999980; exit 0")).id
                _ = try await worker.ended(long)
                let names = try FileManager.default.contentsOfDirectory(atPath: world.store.logs(of: long))
                let numbers = try TaskLog(directory: world.store.logs(of: long)).numbers()
                #expect(names.sorted() == numbers.flatMap { ["\($0).log", "\($0).times"] }.sorted())
            }
        }
    }
}
