import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// Records that are lost or damaged while their tasks are running.
@Suite(.timeLimit(.minutes(2)))
struct RecordTests {
    /// A task that prints a line at its start, and keeps running in its second run.
    private static let restarting = TaskAssignment.script(
        "echo start; test -e again || { touch again; exit 1; }; echo ready; sleep 1000",
        restart: RestartPolicy(policy: .always, backoff: .milliseconds(100)))

    /// Runs a task under a worker that then stops.
    ///
    /// - Parameter run: the number of the run in which the task reports that it is ready.
    /// - Returns: the supervisor of that run.
    private static func leaveRunning(
        _ assignment: TaskAssignment, run: Int = 1, in world: WorkerWorld
    ) async throws -> ProcessDescriptor {
        try await world.worker { worker in
            try await worker.assign(assignment)
            try await worker.output(assignment.id, until: "ready")
        }
        return try #require(try world.runDirectory(assignment.id, run: run).supervisor())
    }

    /// Removes the record of a task and the copy in the directory of its first run.
    private static func removeRecord(of id: TaskID, in world: WorkerWorld) throws {
        for file in [world.store.recordFile(of: id), world.runDirectory(id).copy] { try LocalFiles.remove(file) }
    }

    private static func starts(_ output: String) -> Int { output.split(separator: "\n").count { $0 == "start" } }

    @Test(arguments: [true, false])
    func `A task whose record is missing keeps running, is not started twice, and is managed again`(hasCopy: Bool)
        async throws
    {
        try await WorkerWorld.with { world in
            let assignment = Self.restarting
            let supervisor = try await Self.leaveRunning(assignment, run: 2, in: world)
            try LocalFiles.remove(world.store.recordFile(of: assignment.id))
            // An earlier version wrote no copy.
            if !hasCopy { try LocalFiles.remove(world.runDirectory(assignment.id, run: 2).copy) }
            try await world.worker { worker in
                #expect(try await worker.list().tasks.map(\.id) == (hasCopy ? [assignment.id] : []))
                #expect(try world.runDirectory(assignment.id, run: 2).supervisor()?.id == supervisor.id)
                // The manager misses the task and assigns it again.
                try await worker.assign(assignment)
                let task = try await worker.task(assignment.id, reaches: .running)
                #expect(task.run == 2)
                #expect(try world.runDirectory(assignment.id, run: 2).supervisor()?.id == supervisor.id)
                #expect(Self.starts(try await worker.output(assignment.id)) == 2)
                try await worker.stop(assignment.id)
                #expect(try await worker.ended(assignment.id).state == .stopped)
            }
        }
    }

    @Test func `If the manager stops a task whose record is missing, the task ends before it counts as stopped`()
        async throws
    {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("echo ready; sleep 1000")
            let supervisor = try await Self.leaveRunning(assignment, in: world)
            try Self.removeRecord(of: assignment.id, in: world)
            try await world.worker { worker in
                await #expect { try await worker.stop(assignment.id) } throws: { ($0 as? APIError)?.retry == true }
                try await supervisor.end()
                #expect(try await worker.stop(assignment.id).state == .stopped)
            }
        }
    }

    @Test func `A new placement of a task does not start while an unrecorded placement is alive`() async throws {
        try await WorkerWorld.with { world in
            var assignment = TaskAssignment.script("echo ready; sleep 1000")
            let supervisor = try await Self.leaveRunning(assignment, in: world)
            try Self.removeRecord(of: assignment.id, in: world)
            assignment.placement = 2
            try await world.worker { worker in
                await #expect { try await worker.assign(assignment) } throws: { ($0 as? APIError)?.retry == true }
                try await supervisor.end()
                try await worker.assign(assignment)
                try await worker.task(assignment.id, reaches: .running)
                try await worker.stop(assignment.id, placement: 2)
                _ = try await worker.ended(assignment.id)
            }
        }
    }

    @Test func `No run starts while another run of the task is alive, whatever the record contains`() async throws {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("echo ready; sleep 1000")
            let supervisor = try await Self.leaveRunning(assignment, in: world)
            // The state after the restore of an old backup of the record.
            try world.store.save(
                .placement(SupervisedPlacement(assignment, boot: try Machine.bootID(), run: 5)))
            try await world.worker { worker in
                let task = try await worker.task(assignment.id) { $0.message?.contains("has not ended") == true }
                #expect(task.state == .scheduled)
                #expect(try world.runDirectory(assignment.id).supervisor()?.id == supervisor.id)
                try supervisor.signal(SIGTERM)
                try await supervisor.end()
                try await worker.stop(assignment.id)
                #expect(try await worker.ended(assignment.id).state == .stopped)
            }
        }
    }

    @Test
    func
        `A worker removes the directory of a task that was never recorded, but no directory with another kind of name`()
        async throws
    {
        try await WorkerWorld.with { world in
            try world.store.prepare()
            let id = TaskID(rawValue: UUID().uuidString.lowercased())!
            for name in ["lost+found", id.rawValue] {
                try LocalFiles.makeDirectory("\(world.store.directory)/tasks/\(name)")
            }
            try await world.worker { _ in }
            #expect(try LocalFiles.names(in: "\(world.store.directory)/tasks") == ["lost+found"])
        }
    }

    @Test
    func
        `A damaged record prevents the worker from starting and names the remedy; a repair rebuilds the record of the running task`()
        async throws
    {
        try await WorkerWorld.with { world in
            let assignment = Self.restarting
            let supervisor = try await Self.leaveRunning(assignment, run: 2, in: world)
            let record = world.store.recordFile(of: assignment.id)
            for path in [record, world.store.membershipFile] {
                try Data("{\"value\": 7".utf8).write(to: URL(filePath: path))
            }
            let options = WorkerOptions(
                name: NodeName(rawValue: "w1")!, directory: world.directory, supervisor: WorkerWorld.supervisor,
                command: { "`cube \($0) --data-dir /srv`" })
            await #expect { try await world.worker(options: options) { _ in } } throws: {
                "\($0)".contains("is damaged") && "\($0)".contains("`cube worker repair --data-dir /srv`")
            }
            let repairs = try WorkerRepair(directory: world.directory).run()
            #expect(
                repairs == [
                    .init(setAside: record + ".damaged-1", subject: .task(assignment.id), result: .rebuilt),
                    .init(
                        setAside: world.store.membershipFile + ".damaged-1", subject: .membership, result: .rebuilt),
                ])
            #expect(try LocalFiles.read(record + ".damaged-1") == Array("{\"value\": 7".utf8))
            #expect(try world.store.membership().cluster == WorkerWorld.cluster)
            #expect(try WorkerRepair(directory: world.directory).run().isEmpty)
            try await world.worker { worker in
                let task = try #require(try await worker.list().tasks.first)
                #expect(task.state == .running && task.run == 2)
                #expect(try world.runDirectory(assignment.id, run: 2).supervisor()?.id == supervisor.id)
                try await worker.stop(assignment.id)
                _ = try await worker.ended(assignment.id)
            }
        }
    }

    @Test func `A repair without a copy reports a running task and leaves it running`() async throws {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("echo ready; sleep 1000")
            let supervisor = try await Self.leaveRunning(assignment, in: world)
            let record = world.store.recordFile(of: assignment.id)
            try Data().write(to: URL(filePath: record))
            try LocalFiles.remove(world.runDirectory(assignment.id).copy)
            #expect(
                try WorkerRepair(directory: world.directory).run() == [
                    .init(
                        setAside: record + ".damaged-1", subject: .task(assignment.id),
                        result: .leftRunning(process: supervisor.id))
                ])
            try await world.worker { worker in
                try await worker.assign(assignment)
                try await worker.task(assignment.id, reaches: .running)
                #expect(try world.runDirectory(assignment.id).supervisor()?.id == supervisor.id)
                try await worker.stop(assignment.id)
                _ = try await worker.ended(assignment.id)
            }
        }
    }

    @Test func `The secrets of a task are removed when it has ended, and its other files stay`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                try Data("A=hunter2\n".utf8).write(to: URL(filePath: "\(world.directory)/secrets/db"))
                let assignment = TaskAssignment.script(
                    "cat etc/password; ls -A . etc; exit 1",
                    restart: RestartPolicy(policy: .onFailure, max: 1, backoff: .milliseconds(100))
                ) {
                    $0.envFrom = [ContentSource("secret:db")]
                    $0.files = [
                        TaskFile(source: ContentSource("secret:db"), target: "etc/password", mode: 0o400),
                        TaskFile(source: ContentSource("x", content: Array("x".utf8)), target: "plain"),
                    ]
                }
                try await worker.assign(assignment)
                _ = try await worker.ended(assignment.id)
                // The secret was written again for the second run.
                #expect(try await worker.output(assignment.id).components(separatedBy: "hunter2").count == 3)
                let work = world.work(assignment.id)
                try await eventually { access("\(work)/etc/password", F_OK) != 0 }
                #expect(try LocalFiles.names(in: work) == ["etc", "plain"])
                #expect(try LocalFiles.names(in: work + "/etc") == [])
                // The launch file, which contains the variables of the secret, is removed as well.
                let runs = world.store.runs(of: assignment.id)
                #expect(try LocalFiles.names(in: runs) == ["1-2"])
                #expect(try LocalFiles.names(in: runs + "/1-2") == ["outcome", "record.json"])
            }
        }
    }

    @Test func `Secrets that a worker could not remove before it was killed are removed by the next worker`()
        async throws
    {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script("exit 0") {
                $0.files = [TaskFile(source: ContentSource("secret:db"), target: "password", mode: 0o400)]
            }
            try await world.worker { worker in
                try Data("hunter2".utf8).write(to: URL(filePath: "\(world.directory)/secrets/db"))
                try await worker.assign(assignment)
                _ = try await worker.ended(assignment.id)
            }
            let file = "\(world.work(assignment.id))/password"
            try Data("hunter2".utf8).write(to: URL(filePath: file))
            try await world.worker { _ in
                try await eventually { access(file, F_OK) != 0 }
            }
        }
    }

    @Test func `The secrets of a task that is stopped while it waits for its next run are removed, too`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                try Data("hunter2".utf8).write(to: URL(filePath: "\(world.directory)/secrets/db"))
                let assignment = TaskAssignment.script(
                    "exit 1",
                    restart: RestartPolicy(policy: .always, backoff: .seconds(3600), backoffMax: .seconds(3600))
                ) { $0.files = [TaskFile(source: ContentSource("secret:db"), target: "password", mode: 0o400)] }
                try await worker.assign(assignment)
                try await worker.task(assignment.id) { $0.reason == .backoff }
                let file = "\(world.work(assignment.id))/password"
                #expect(access(file, F_OK) == 0)
                #expect(try await worker.stop(assignment.id).state == .stopped)
                try await eventually { access(file, F_OK) != 0 }
                #expect(!world.runDirectory(assignment.id).hasLaunch)
            }
        }
    }

    @Test func `A worker that changes its cluster keeps the names of its volumes`() async throws {
        try await WorkerWorld.with { world in
            let store = world.store
            try store.prepare()
            let directory = WorkerDirectory(FilePath(store.directory))
            let clusters =
                [WorkerWorld.cluster]
                + ["2", "3"].map { digit in
                    ClusterID(rawValue: "\(digit)1111111-2222-3333-4444-555555555555")!
                }
            let volume = NodeVolume("pgdata", of: .default, cluster: clusters[0], worker: world.name)
            for (index, cluster) in clusters.enumerated() {
                try store.save(WorkerMembership(cluster: cluster, term: 1))
                if index == 0 { try store.save(volume, engine: "/var/lib/docker") }
                #expect(try store.volumes(of: world.name, in: cluster) == [volume.key])
                #expect(try store.volumeCluster(else: cluster) == clusters[0])
                _ = try directory.forgetCluster()
            }
            #expect(try directory.cluster() == nil)
        }
    }

    @Test func `A worker without volumes names new ones by its present cluster`() async throws {
        try await WorkerWorld.with { world in
            try world.store.prepare()
            try world.store.save(WorkerMembership(cluster: WorkerWorld.cluster, term: 1))
            _ = try WorkerDirectory(FilePath(world.store.directory)).forgetCluster()
            let next = ClusterID(rawValue: "21111111-2222-3333-4444-555555555555")!
            #expect(try world.store.volumeCluster(else: next) == next)
            #expect(try world.store.volumes(of: world.name, in: next) == [])
        }
    }
}
