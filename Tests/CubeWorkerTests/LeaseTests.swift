import CubeCore
import CubeErrors
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// Exclusive tasks as processes: their supervisors end them when their lease ends.
@Suite(.timeLimit(.minutes(2)))
struct LeaseTests {
    private static let script = "echo ready; while :; do sleep 0.01; done"

    /// Returns an exclusive task that its worker would start again whenever it ends.
    private static func exclusive(_ script: String = script, receipt: String?) -> TaskAssignment {
        var assignment = TaskAssignment.script(script, restart: RestartPolicy(policy: .always)) { $0.exclusive = true }
        assignment.receipt = receipt
        return assignment
    }

    @Test func `an exclusive task is killed when its lease ends, and not started again`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(Self.exclusive(receipt: try await worker.contact())).id
                try await worker.output(id, until: "ready")
                let ended = try await worker.ended(id)
                #expect(ended.state == .stopped && ended.reason == .leaseLost && ended.run == 1)
                // The manager assigns it anew.
                var next = Self.exclusive(receipt: try await worker.contact())
                next = TaskAssignment(
                    cluster: next.cluster, term: next.term, id: id, owner: next.owner, ordinal: next.ordinal,
                    attempt: next.attempt, placement: 2, receipt: next.receipt, definition: next.definition)
                try await worker.assign(next)
                try await worker.task(id) { $0.placement == 2 && $0.state == .running }
            }
        }
    }

    @Test func `it is killed together with all of its processes if no worker is left`() async throws {
        try await WorkerWorld.with { world in
            let child = world.directory.appending("child").string
            let (id, supervisor) = try await world.worker { worker in
                let script =
                    "(trap '' TERM; setsid sh -c 'echo $$ > \(child); while :; do sleep 0.01; done') & \(Self.script)"
                let id = try await worker.assign(Self.exclusive(script, receipt: try await worker.contact())).id
                try await worker.output(id, until: "ready")
                try await eventually { FileManager.default.contents(atPath: child)?.isEmpty == false }
                return (id, try #require(try world.runDirectory(id).supervisor()))
            }
            let process = try String(contentsOfFile: child, encoding: .utf8)
            try await supervisor.end()
            #expect(try !isAlive(process))
            try await world.worker { worker in
                let ended = try await worker.ended(id)
                #expect(ended.state == .stopped && ended.reason == .leaseLost)
            }
        }
    }

    @Test func `it runs as long as its lease is renewed, also by another worker`() async throws {
        var length = Duration.seconds(3)
        // On a busy machine, the contact of this process may break off for longer than the lease, which then ends rightly.
        while try await !Self.runs(renewing: length) { length *= 2 }
    }

    /// Starts a task, lets two workers, one after the other, renew its lease for twice the length of a lease, and expects it to run.
    ///
    /// - Returns: `false` if the contact broke off for so long that the lease may have ended, so that the task need not run.
    private static func runs(renewing length: Duration) async throws -> Bool {
        try await WorkerWorld.with { world in
            var contact = Contact()
            let (id, process) = try await world.worker { worker in
                let id = try await worker.assign(
                    exclusive("echo $$; \(script)", receipt: try await worker.contact(length: length))
                ).id
                let process = try await worker.output(id, until: "ready")
                try await worker.stayInContact(until: BootClock.uptime + length * 2, length: length, &contact)
                return (id, process)
            }
            let isRunning = try await world.worker { worker in
                try await worker.stayInContact(until: BootClock.uptime + length * 2, length: length, &contact)
                let isRunning = try await worker.service.task(id).state == .running && isAlive(process)
                contact.note(BootClock.uptime)
                return isRunning
            }
            // A renewal counts from the contact before it, and the second worker needs one contact more. A lease is shorter than its
            // length by a fifth, and by the greatest difference of two clocks.
            let isKept = contact.longestPause < length / 4
            #expect(isRunning || !isKept)
            return isKept
        }
    }

    @Test func `it is accepted only while the manager has heard of the worker`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let incarnation = await worker.service.table.incarnation
                for receipt in [nil, "\(incarnation).7"] {
                    let error = await #expect(throws: APIError.self) {
                        try await worker.assign(Self.exclusive(receipt: receipt))
                    }
                    #expect(error?.reason == .unavailable)
                }
                let tasks = try await worker.list(wait: .zero).tasks
                #expect(tasks.isEmpty)
            }
        }
    }

    @Test func `a task that becomes exclusive gets a lease, and a task that ceases to be exclusive keeps running`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                var plain = TaskAssignment.script(Self.script)
                let id = try await worker.assign(plain).id
                try await worker.output(id, until: "ready")
                func settings() -> TaskSettings {
                    TaskSettings(cluster: WorkerWorld.cluster, term: 1, placement: 1, definition: plain.definition)
                }
                plain.definition.exclusive = true
                let refusal = await #expect(throws: APIError.self) {
                    try await worker.service.updateSettings(id, settings())
                }
                #expect(refusal?.reason == .unavailable)
                let length = Duration.seconds(3)
                _ = try await worker.contact(try await worker.contact(length: length), length: length)
                _ = try await worker.service.updateSettings(id, settings())
                #expect(try world.runDirectory(id).lease() != nil)
                plain.definition.exclusive = false
                _ = try await worker.service.updateSettings(id, settings())
                #expect(try world.runDirectory(id).lease() == nil)
                try await worker.stayInContact(until: BootClock.uptime + length, length: length)
                #expect(try await worker.service.task(id).state == .running)
                plain.definition.exclusive = true
                _ = try await worker.service.updateSettings(id, settings())
                #expect(try await worker.ended(id).reason == .leaseLost)
            }
        }
    }

    @Test func `a task that becomes exclusive while it is being started has a lease as soon as it runs`() async throws {
        try await WorkerWorld.with { world in
            try LocalFiles.makeDirectory(world.directory.string)
            let gate = try world.gate("gate")
            // A supervisor that starts only when the test lets it.
            let slow = world.directory.appending("slow-supervisor").string
            let text = "#!/bin/sh\nread word < \(gate.path)\nexec \(WorkerWorld.supervisor) \"$@\"\n"
            try LocalFiles.write(Array(text.utf8), to: "slow-supervisor", in: world.directory.string, durably: false)
            try #require(chmod(slow, 0o700) == 0)
            let options = WorkerOptions(
                name: NodeName(rawValue: "w1")!, directory: world.directory, supervisor: FilePath(slow))
            try await world.worker(options: options) { worker in
                var plain = TaskAssignment.script(Self.script)
                let id = try await worker.assign(plain).id
                try await eventually { world.runDirectory(id).hasLaunch }
                let length = Duration.seconds(60)
                _ = try await worker.contact(try await worker.contact(length: length), length: length)
                plain.definition.exclusive = true
                let settings = TaskSettings(
                    cluster: WorkerWorld.cluster, term: 1, placement: 1, definition: plain.definition)
                _ = try await worker.service.updateSettings(id, settings)
                #expect(try world.runDirectory(id).lease() == nil)
                try await gate.open()
                try await worker.output(id, until: "ready")
                try await eventually { try world.runDirectory(id).lease() != nil }
                try await worker.stop(id)
                _ = try await worker.ended(id)
            }
        }
    }

    @Test func `a supervisor that knows no leases cannot read the file of an exclusive task`() throws {
        var launch = RunDirectory.Launch(
            arguments: ["true"], program: "true", environment: [], workingDirectory: "/", forbidsNewPrivileges: false,
            logs: "/", stop: StopPolicy())
        #expect(launch.bytes.starts(with: "cube-launch/1\0".utf8))
        launch.isLeased = true
        #expect(launch.bytes.starts(with: "cube-launch/2\0".utf8))
    }

    @Test func `a standalone worker has no manager and refuses exclusive tasks`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let error = await #expect(throws: APIError.self) {
                    try await worker.service.submit(TaskAssignment.script("true") { $0.exclusive = true }.definition)
                }
                #expect(error?.reason == .conflict)
            }
        }
    }
}

extension RunningWorker {
    /// Queries the worker as a manager does, and returns the receipt of the response.
    func contact(_ receipt: String? = nil, length: Duration = .seconds(5)) async throws -> String {
        let list = try await service.list(
            since: nil, incarnation: nil, term: 1, cluster: WorkerWorld.cluster, wait: .zero,
            renewing: LeaseRenewal(receipt: receipt, length: length))
        return try #require(list.receipt)
    }

    /// Queries the worker again and again until a time of the boot-time clock.
    func stayInContact(until end: Duration, length: Duration, _ contact: inout Contact) async throws {
        var receipt: String?
        while BootClock.uptime < end {
            receipt = try await self.contact(receipt, length: length)
            contact.note(BootClock.uptime)
            // Waits for a change, which does not come, as a manager does.
            _ = try await list(since: await service.table.sequence, wait: length / 10)
        }
    }

    func stayInContact(until end: Duration, length: Duration) async throws {
        var contact = Contact()
        try await stayInContact(until: end, length: length, &contact)
    }
}

/// The longest time in which nobody queried the worker, from the creation of this value on.
struct Contact {
    private(set) var longestPause = Duration.zero
    private var last = BootClock.uptime

    mutating func note(_ time: Duration) {
        longestPause = max(longestPause, time - last)
        last = time
    }
}
