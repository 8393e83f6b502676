import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// A worker whose directory is on a small disk that a task fills. Mounting the disk requires root.
@Suite(.timeLimit(.minutes(2)), .enabled(if: geteuid() == 0, "needs root, to mount a small disk"))
struct FullDiskTests {
    /// A program that fills all free space for as long as it runs.
    private static let filler = "echo ready; while :; do cat /dev/zero >> fill 2> /dev/null; sleep 0.01; done"

    /// - Parameter files: the most files and directories that the disk holds; `nil` if only its size is limited.
    private static func withSmallDisk(files: Int? = nil, _ body: (WorkerWorld) async throws -> Void) async throws {
        try await WorkerWorld.with { world in
            try LocalFiles.makeDirectory(world.directory.string)
            let mount = Process()
            mount.executableURL = URL(filePath: "/bin/mount")
            mount.arguments = [
                "-t", "tmpfs", "-o", "size=4m" + (files.map { ",nr_inodes=\($0)" } ?? ""), "tmpfs",
                world.directory.string,
            ]
            try mount.run()
            mount.waitUntilExit()
            try #require(mount.terminationStatus == 0, "mount")
            defer { umount2(world.directory.string, Int32(MNT_DETACH)) }
            try await body(world)
        }
    }

    /// Waits until the worker has filled its disk reserve.
    private static func reserveIsFilled(in world: WorkerWorld) async throws {
        try await eventually { try LocalFiles.names(in: world.store.reserve.directory).count >= 16 }
    }

    private static func fill(_ world: WorkerWorld) throws {
        let descriptor = open("\(world.directory)/fill", O_WRONLY | O_CREAT, 0o600)
        let zeros = [UInt8](repeating: 0, count: 4096)
        while write(descriptor, zeros, zeros.count) > 0 {}
        close(descriptor)
        #expect(try Self.isFull(world))
    }

    private static func isFull(_ world: WorkerWorld) throws -> Bool {
        do {
            try LocalFiles.write([1], to: "probe", in: world.directory.string, durably: false)
            try LocalFiles.remove("\(world.directory)/probe")
            return false
        } catch let error as APIError where error.reason == .storageFull {
            return true
        }
    }

    @Test
    func
        `A task that fills the disk can be stopped, the stop survives a restart of the worker, and another task then starts`()
        async throws
    {
        try await Self.withSmallDisk { world in
            let filler = TaskAssignment.script(Self.filler)
            let waiting = TaskAssignment.script("echo ready; sleep 1000")
            try await world.worker { worker in
                try await Self.reserveIsFilled(in: world)
                try await worker.assign(waiting)
                try await worker.output(waiting.id, until: "ready")
                try await worker.assign(filler)
                try await eventually { try Self.isFull(world) }
                await #expect { try await worker.assign(.script("exit 0")) } throws: {
                    ($0 as? APIError)?.reason == .storageFull
                }
                try await worker.stop(filler.id)
                #expect(try await worker.ended(filler.id).state == .stopped)
                try await worker.stop(waiting.id)
                #expect(try await worker.ended(waiting.id).state == .stopped)
            }
            // The state was on the disk, not only in the memory of the worker.
            try await world.worker { worker in
                let list = try await worker.list()
                #expect(Set(list.tasks.map(\.state)) == [.stopped])
                // The manager has stored the end, so the filler's working directory may be removed to free space.
                _ = try await worker.list(since: list.sequence, wait: .zero)
                let next = TaskAssignment.script("exit 0")
                try await eventually {
                    do {
                        try await worker.assign(next)
                        return true
                    } catch let error as APIError where error.reason == .storageFull {
                        return false
                    }
                }
                #expect(try await worker.ended(next.id).state == .completed)
            }
        }
    }

    @Test func `A batch on a full disk stops tasks and starts none`() async throws {
        try await Self.withSmallDisk { world in
            let tasks = (1...3).map { _ in TaskAssignment.script("echo ready; sleep 1000") }
            let new = (1...3).map { _ in TaskAssignment.script("exit 0") }
            try await world.worker { worker in
                try await Self.reserveIsFilled(in: world)
                for task in tasks {
                    try await worker.assign(task)
                    try await worker.output(task.id, until: "ready")
                }
                try Self.fill(world)
                let results = try await worker.service.carryOut(
                    WorkerBatch(
                        cluster: WorkerWorld.cluster, term: 1,
                        operations: new.map { .assign($0) } + tasks.map { .stop($0.id, placement: 1) }))
                #expect(results.prefix(3).map { $0.error?.reason } == [.storageFull, .storageFull, .storageFull])
                for task in tasks { #expect(try await worker.ended(task.id).state == .stopped) }
            }
            // The ends were on the disk, not only in the memory of the worker.
            try await world.worker { worker in
                let states = try await worker.list().tasks.map(\.state)
                #expect(states == [.stopped, .stopped, .stopped])
            }
        }
    }

    @Test func `If one directory of a batch cannot be created, none stays that is not durable`() async throws {
        try await Self.withSmallDisk(files: 8) { world in
            try world.store.prepare()
            let records = (1...10).map { _ in
                WorkerRecord.placement(SupervisedPlacement(.script("exit 0"), boot: "b", run: 1))
            }
            #expect(world.store.save(records) == [])
            #expect(try world.store.tasks() == [])
            #expect(world.store.save(Array(records.prefix(2))).count == 2)
        }
    }

    @Test func `A failed write leaves no partial file on the disk`() async throws {
        try await Self.withSmallDisk { world in
            let directory = world.directory.string
            #expect(throws: APIError.self) {
                try LocalFiles.write([UInt8](repeating: 0, count: 8 << 20), to: "x", in: directory, durably: true)
            }
            let names = try LocalFiles.names(in: directory)
            #expect(names == [])
            let isFull = try Self.isFull(world)
            #expect(!isFull)
        }
    }

    @Test func `If even the reserve is used up, a task is still stopped, and its end is recorded once there is space`()
        async throws
    {
        try await Self.withSmallDisk { world in
            let assignment = TaskAssignment.script("echo ready; sleep 1000")
            try await world.worker { worker in
                try await Self.reserveIsFilled(in: world)
                try await worker.assign(assignment)
                try await worker.output(assignment.id, until: "ready")
                let supervisor = try #require(try world.runDirectory(assignment.id).supervisor())
                while try world.store.reserve.release() {}
                try Self.fill(world)
                #expect(try await worker.stop(assignment.id).state == .stopping)
                try await supervisor.end()
                #expect(try await worker.service.task(assignment.id).state == .stopping)
                try LocalFiles.remove("\(world.directory)/fill")
                #expect(try await worker.ended(assignment.id).state == .stopped)
            }
        }
    }

    @Test func `If the file system needs free space to overwrite data, the reserve is returned to it`() async throws {
        try await Self.withSmallDisk { world in
            let assignment = TaskAssignment.script("exit 0")
            let reserve = world.store.reserve
            try world.store.prepare()
            try reserve.fill()
            let run = world.runDirectory(assignment.id)
            for path in ["", "/runs", "/runs/1-1"] {
                try LocalFiles.makeDirectory(world.store.directory(of: assignment.id) + path)
            }
            // Simulates a copy-on-write file system, which needs free space to overwrite data.
            let first = try #require(try LocalFiles.names(in: reserve.directory).first)
            #expect(truncate("\(reserve.directory)/\(first)", 0) == 0)
            #expect(truncate("\(reserve.directory)/\(first)", 1 << 16) == 0)
            try Self.fill(world)
            try world.store.save(WorkerMembership(cluster: WorkerWorld.cluster, term: 7))
            #expect(try world.store.membership().term == 7)

            let second = try #require(try LocalFiles.names(in: reserve.directory).first)
            #expect(truncate("\(reserve.directory)/\(second)", 0) == 0)
            #expect(truncate("\(reserve.directory)/\(second)", 1 << 16) == 0)
            try Self.fill(world)
            try run.abandon(nil, reserve: reserve)
            #expect(try run.outcome()?.state == .abandoned)
            #expect(try LocalFiles.names(in: run.path) == ["outcome"])
        }
    }

    @Test func `A term that could not be recorded is recorded by the next call once there is space`() async throws {
        try await Self.withSmallDisk { world in
            try await world.worker { worker in
                try await Self.reserveIsFilled(in: world)
                let call = { @Sendable (term: Int) in
                    _ = try await worker.service.list(
                        since: nil, incarnation: nil, term: term, cluster: WorkerWorld.cluster, wait: .zero)
                }
                try await call(1)
                while try world.store.reserve.release() {}
                try Self.fill(world)
                try await call(2)
                #expect(try world.store.membership().term == 1)
                #expect(await worker.service.status().term == 2)
                try LocalFiles.remove("\(world.directory)/fill")
                try await call(2)
                #expect(try world.store.membership().term == 2)
            }
        }
    }

    @Test func `A task that could not start on a full disk can be stopped`() async throws {
        try await Self.withSmallDisk { world in
            let assignment = TaskAssignment.script("exit 0")
            try await world.worker { worker in
                try await Self.reserveIsFilled(in: world)
                let runtime = await worker.service.runtime
                let run = RunIdentity(task: assignment.id, placement: 1, number: 1, boot: runtime.boot)
                try LocalFiles.makeDirectory(world.store.directory(of: assignment.id))
                try Self.fill(world)
                #expect(try await runtime.abandon(run) == .ended(.neverStarted))
                // A prepared run whose supervisor found no free space.
                try LocalFiles.remove("\(world.directory)/fill")
                let prepared = RunIdentity(task: assignment.id, placement: 1, number: 2, boot: runtime.boot)
                try #require((runtime as? TaskRuntimes)?.process as? ProcessRuntime).prepare(prepared, assignment)
                try Self.fill(world)
                await #expect(throws: APIError.self) { try await runtime.start(prepared, of: assignment) }
                #expect(try await runtime.abandon(prepared) == .ended(.neverStarted))
                // A stop of a task that was never assigned to this worker is recorded, too.
                #expect(try await worker.stop(assignment.id).state == .stopped)
                #expect(try world.store.record(of: assignment.id)?.endedAt != nil)
            }
        }
    }
}
