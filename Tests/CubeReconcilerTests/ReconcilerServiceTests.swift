import CubeCore
import CubeErrors
import CubeSystem
import CubeTesting
import CubeTypes
import Foundation
import Logging
import SystemPackage
import Testing

@testable import CubeReconciler

@Suite(.cluster, .timeLimit(.minutes(2))) struct ReconcilerServiceTests {
    @Test func `Manifests become tasks, and their status is written to files`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web", "1", more: #", "replicas": 2"#), to: "web.json")
        try world.write(manifest("db"), to: "team/db.json")
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 2 }
            await run.pass(.milliseconds(100))
            #expect(try await world.cluster.living == ["db/0": "1", "web/0": "1", "web/1": "1"])
            #expect(world.summary()?.sync == .synced)
            #expect(world.status(of: "web")?.replicas == .init(desired: 2, live: 2, ready: 2))
            #expect(world.drift(of: "web") == nil)

            try world.write(manifest("db", "2"), to: "team/db.json")
            try await run.untilConverged { _ in try await world.cluster.living["db/0"] == "2" }
            try world.directory.remove("manifests/web.json")
            try await run.untilConverged { $0.workloads.count == 1 }
            await run.pass(.milliseconds(100))
            #expect(try await world.cluster.living == ["db/0": "2"])
            #expect(world.status(of: "web") == nil)
            let figures = run.state.view.figures
            #expect(
                figures.outcomes == [.init(verb: "schedule", result: "ok"): 4, .init(verb: "stop", result: "ok"): 3])
            #expect(figures.durations.reduce(0, +) == figures.passes.values.reduce(0, +))
            #expect(figures.sourceListedAt != nil)
        }
        let journal = try #require(world.directory.text(of: ".cube/journal.ndjson")).split(separator: "\n")
        let entries = try journal.map { try JSONDecoder().decode(JournalEntry.self, from: Data($0.utf8)) }
        #expect(entries.filter { $0.event == .intent }.map(\.id) == entries.filter { $0.event == .outcome }.map(\.id))
        #expect(Set(entries.filter { $0.event == .outcome }.map(\.result)) == ["ok"])
    }

    @Test func `A woken reconciler follows a push to the repository and journals the commit`()
        async throws
    {
        let world = try LoopWorld()
        let repository = try TestRepository()
        @Sendable func publish(_ argument: String) throws -> String {
            try repository.write(manifest("web", argument), to: "web.json")
            let commit = try repository.commit()
            try repository.git("push", "--quiet", "--force", "origin", "HEAD:main")
            return commit
        }
        _ = try publish("1")
        let remote = GitRemote(url: repository.remote.string, reference: .branch("main"), path: "")
        try await world.reconcile(from: remote) { run in
            try await run.untilConverged { _ in try await world.cluster.living == ["web/0": "1"] }
            let commit = try publish("2")
            await run.pass(.seconds(600))
            #expect(try await world.cluster.living == ["web/0": "1"])
            run.wake()
            try await run.untilConverged { _ in try await world.cluster.living == ["web/0": "2"] }
            #expect(world.summary()?.source == remote.revision(commit))
            #expect(world.directory.text(of: ".cube/journal.ndjson")?.contains(commit) == true)
        }
        let memory = ReconcilerMemory(
            directory: world.directory.path.appending(".cube"), files: world.files, logger: Logger(label: "test"))
        #expect(memory.knownIdentity?.source == remote.sourceID)
        // The directory keeps its own identity.
        let own = try memory.identity { 1 }.source
        #expect(own != remote.sourceID && memory.knownIdentity?.source == own)
        #expect(try memory.identity(of: remote.sourceID) { 2 }.source == remote.sourceID)
        #expect(try memory.identity { 3 }.source == own)
    }

    @Test func `An idle reconciler makes no calls and writes no files`() async throws {
        let world = try LoopWorld()
        for name in ["a", "b", "c"] { try world.write(manifest(name), to: "\(name).json") }
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 3 }
            await run.pass(.seconds(10))
            _ = world.files.takeWrites()
            let batches = world.cluster.batches.count
            await run.pass(.seconds(300))
            #expect(world.files.takeWrites() == [])
            #expect(world.cluster.batches.count == batches)
            #expect(world.cluster.lists == 1)
        }
    }

    @Test func `A deletion among many manifests writes the files of its name alone`() async throws {
        let world = try LoopWorld()
        for number in 0..<60 { try world.write(manifest("w\(number)"), to: "w\(number).json") }
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 60 }
            await run.pass(.seconds(10))
            _ = world.files.takeWrites()
            try world.directory.remove("manifests/w7.json")
            try await run.untilConverged { $0.workloads.count == 59 }
            await run.pass(.seconds(10))
            let others = world.files.takeWrites().filter { file in
                !["w7.json", "summary.json", "journal.ndjson"].contains { file.hasSuffix($0) }
            }
            #expect(others == [])
        }
    }

    @Test func `A reconciler that stood still for longer than its lease applies what changed meanwhile`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 1 }
            try world.write(manifest("web", "2"), to: "web.json")
            // As when the machine was suspended: nothing runs meanwhile, and the lease has ended.
            run.time.clock.advance(by: Lease.length * 2)
            try await run.untilConverged { _ in try await world.cluster.living == ["web/0": "2"] }
            #expect(try await world.cluster.tasks.map(\.state) == [.stopped, .running])
        }
    }

    @Test func `An observing reconciler reports drift, takes no lease and changes nothing`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile(observing: true) { run in
            try await run.until { $0.summary?.sync == .outOfSync }
            #expect(world.drift(of: "web")?.actions.map(\.verb) == [.schedule])
            await run.pass(.seconds(60))
            #expect(world.cluster.batches.isEmpty)
        }
        try await world.reconcile { run in
            try await run.untilConverged()
            let entries = try Journal.entries(
                of: WorkloadName(checking: "web"), in: world.directory.path.appending(".cube"), files: world.files)
            #expect(entries.map(\.event) == [.intent, .outcome])
        }
    }

    @Test func `A problem is notified once, even across restarts and if the receiver is unreachable at first`()
        async throws
    {
        let world = try LoopWorld()
        let receiver = NoticeReceiver()
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile(notices: receiver) { run in
            try await run.untilConverged()
            try world.write("{", to: "web.json")
            try await run.until { _ in receiver.refused == 2 }
            receiver.isAway = false
            try await run.until { _ in receiver.texts.count == 1 }
            await run.pass(.seconds(60))
        }
        #expect(receiver.texts[0].contains("default: Stale: "))
        try await world.reconcile(notices: receiver) { run in
            await run.pass(.seconds(60))
            #expect(receiver.texts.count == 1)
            try world.write(manifest("web"), to: "web.json")
            try await run.until { _ in receiver.texts.count == 2 }
        }
        #expect(receiver.texts[1] == "default: no longer Stale (syntax)")
    }

    @Test func `A broken manifest changes only its status`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 1 }
            try world.write("{", to: "web.json")
            try await run.until { $0.workloads.values.contains { $0.status.sync == .unknown } }
            await run.pass(.milliseconds(100))
            #expect(world.summary()?.conditions.contains { $0.type == .stale } == true)
            #expect(try await world.cluster.living == ["web/0": "1"])
            try world.write(manifest("web", "2"), to: "web.json")
            try await run.untilConverged { _ in try await world.cluster.living == ["web/0": "2"] }
        }
    }

    @Test func `An unreachable manager is reported, and nothing is lost once it is back`() async throws {
        let world = try LoopWorld()
        world.cluster.setAway(true)
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile { run in
            try await run.until { $0.summary?.conditions.contains { $0.reason == "unavailable" } ?? false }
            await run.pass(.milliseconds(100))
            #expect(world.summary()?.sync == .unknown)
            world.cluster.setAway(false)
            try await run.untilConverged { $0.workloads.count == 1 }

            world.cluster.setAway(true)
            try await run.until { $0.summary?.sync == .unknown }
            try world.write(manifest("web", "2"), to: "web.json")
            await run.pass(.seconds(40))
            world.cluster.setAway(false)
            try await run.untilConverged { _ in try await world.cluster.living == ["web/0": "2"] }
        }
    }

    @Test func `Calls that exceed the deadline end the pass, and the next pass plans the rest`() async throws {
        let world = try LoopWorld()
        // Exceeds the size of one call. A single value must not be that long.
        let padding = String(repeating: "x", count: 100_000)
        let variables = (0..<10).map { #""V\#($0)": "\#(padding)""# }.joined(separator: ", ")
        for number in 0..<6 {
            try world.write(manifest("web-\(number)", more: ", \"env\": {\(variables)}"), to: "\(number).json")
        }
        world.cluster.delay(ReconcileLoop.passDeadline)
        try await world.reconcile { run in
            try await run.untilConverged { _ in try await world.cluster.living.count == 6 }
            #expect(run.state.view.figures.passes[.overdue, default: 0] >= 1)
        }
        #expect(try await world.cluster.tasks.count == 6)
    }

    @Test func `A lease that another process of the same source took is acquired again`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 1 }
            let memory = ReconcilerMemory(
                directory: world.directory.path.appending(".cube"), files: world.files, logger: Logger(label: "test"))
            try await world.cluster.takeLease(for: try #require(memory.knownIdentity).source)
            try world.write(manifest("web", "2"), to: "web.json")
            try await run.untilConverged { _ in try await world.cluster.living == ["web/0": "2"] }
        }
    }

    @Test func `The second of two reconcilers of a source waits, reports that, and takes over when the first ends`()
        async throws
    {
        let first = try LoopWorld()
        let second = try LoopWorld(beside: first)
        let repository = try TestRepository()
        @Sendable func publish(_ argument: String) throws {
            try repository.write(manifest("web", argument), to: "web.json")
            _ = try repository.commit()
            try repository.git("push", "--quiet", "--force", "origin", "HEAD:main")
        }
        try publish("1")
        let remote = GitRemote(url: repository.remote.string, reference: .branch("main"), path: "")
        let (leads, waits) = (Bell(), Bell())
        async let following: Void = {
            await leads.wait()
            try await second.reconcile(from: remote) { run in
                try await run.until { $0.summary?.conditions.contains { $0.reason == "lease_held" } ?? false }
                let held = second.summary()?.conditions.first { $0.reason == "lease_held" }
                #expect(held?.type == .held && held?.message == "owner default: test holds its lease")
                try publish("2")
                run.wake()
                try await run.until { _ in second.drift(of: "web") != nil }
                await run.pass(.seconds(30))
                #expect(try await second.cluster.living == ["web/0": "1"])
                waits.ring()
                try await run.untilConverged { _ in try await second.cluster.living == ["web/0": "2"] }
                #expect(second.summary()?.conditions.contains { $0.type == .held } == false)
            }
        }()
        try await first.reconcile(from: remote) { run in
            try await run.untilConverged { _ in try await first.cluster.living == ["web/0": "1"] }
            leads.ring()
            try await run.until { _ in waits.hear() }
        }
        try await following
    }

    @Test func `An owner of another source is observed but not changed`() async throws {
        let world = try LoopWorld()
        try await world.cluster.takeLease(for: SourceID(rawValue: "22222222-2222-4222-8222-222222222222")!)
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile { run in
            try await run.until { $0.summary?.conditions.contains { $0.reason == "owner_taken" } ?? false }
            await run.pass(.seconds(30))
            #expect(try await world.cluster.tasks.isEmpty)
            #expect(world.drift(of: "web")?.actions.map(\.verb) == [.schedule])
        }
    }

    @Test func `If files cannot be written, tasks start and none stops`() async throws {
        let world = try LoopWorld()
        for name in ["a", "b"] { try world.write(manifest(name), to: "\(name).json") }
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 2 }
            for suffix in [".json", ".ndjson"] { world.files.fail(".cube/status/workloads/a\(suffix)", with: .noSpace) }
            world.files.fail("drift/a.json", with: .noSpace)
            try world.directory.remove("manifests/a.json")
            try world.write(manifest("c"), to: "c.json")
            try await run.until { _ in try await world.cluster.living["c/0"] != nil }
            await run.pass(.seconds(30))
            #expect(try await world.cluster.living.keys.sorted() == ["a/0", "b/0", "c/0"])
            #expect(run.state.view.storageProblem != nil)

            for suffix in ["status/workloads/a.json", "status/workloads/a.ndjson", "drift/a.json"] {
                world.files.fail(suffix.hasPrefix("drift") ? suffix : ".cube/\(suffix)", with: nil)
            }
            try await run.untilConverged { $0.workloads.count == 2 && $0.storageProblem == nil }
            #expect(try await world.cluster.living.keys.sorted() == ["b/0", "c/0"])
        }
    }

    @Test func `A status that cannot be written is known soon after the change, and so is the end of the problem`()
        async throws
    {
        let world = try LoopWorld()
        try world.write(manifest("a"), to: "a.json")
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 1 }
            await run.pass(.seconds(1))
            world.files.fail("status/summary.json", with: .isDirectory)
            try world.write(manifest("b"), to: "b.json")
            try await run.until { _ in try await world.cluster.living.count == 2 }
            await run.pass(.milliseconds(500))
            #expect(run.state.view.storageProblem?.contains("summary.json") == true)
            world.files.fail("status/summary.json", with: nil)
            await run.pass(.seconds(6))
            #expect(run.state.view.storageProblem == nil)
            #expect(world.summary()?.counts.workloads == 2)
        }
    }

    @Test func `Limits that change at run time decide which prunes are held`() async throws {
        let world = try LoopWorld()
        for name in ["a", "b", "c", "d", "e"] { try world.write(manifest(name), to: "\(name).json") }
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 5 }
            run.use(GuardLimits.Choice(count: 0, percent: 0))
            try world.directory.remove("manifests/a.json")
            try await run.until { $0.summary?.holds.map(\.reason) == ["guard_window"] }
            await run.pass(.milliseconds(100))
            let held = world.summary()?.conditions.first { $0.type == .held }
            #expect(held?.message.contains("0 names or 0 % within 10m") == true)
            #expect(try await world.cluster.living.count == 5)
            run.use(GuardLimits.Choice(count: 1, percent: 0))
            try await run.untilConverged { $0.workloads.count == 4 }
            #expect(try await world.cluster.living["a/0"] == nil)
        }
    }

    @Test func `A restarted reconciler continues where the last one ended and removes outdated files`() async throws {
        let world = try LoopWorld()
        for name in ["a", "b"] { try world.write(manifest(name), to: "\(name).json") }
        try await world.reconcile { run in try await run.untilConverged { $0.workloads.count == 2 } }
        let before = world.summary()
        try world.directory.write("{}", to: ".cube/status/workloads/old.json")
        _ = world.files.takeWrites()
        let batches = world.cluster.batches.count
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 2 }
            await run.pass(.seconds(20))
        }
        #expect(world.directory.text(of: ".cube/status/workloads/old.json") == nil)
        #expect(world.summary() == before)
        #expect(world.cluster.batches.count == batches)
        #expect(world.files.takeWrites().filter { $0.contains("/workloads/") }.map { $0.suffix(8) } == ["old.json"])
    }

    @Test func `After its folder was deleted, a broken file stops nothing`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web"), to: "web.json")
        try world.write(manifest("db"), to: "db.json")
        try await world.reconcile { run in try await run.untilConverged { $0.workloads.count == 2 } }
        try world.directory.remove(".cube/reconciler")
        try world.write("{", to: "web.json")
        try world.write(manifest("db", "2"), to: "db.json")
        try await world.reconcile { run in
            try await run.until { _ in try await world.cluster.living["db/0"] == "2" }
            await run.pass(.seconds(30))
            #expect(try await world.cluster.living == ["db/0": "2", "web/0": "1"])
            #expect(world.status(of: "web")?.sync == .unknown)
        }
    }

    @Test func `An empty directory that replaces the root prunes nothing`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 1 }
            try world.directory.move("manifests", to: "away")
            try world.directory.makeDirectory("manifests")
            try await run.until { !($0.summary?.holds.isEmpty ?? true) }
            await run.pass(.seconds(70))
            #expect(try await world.cluster.living == ["web/0": "1"])
        }
    }

    @Test func `Deleted status files are restored with the next complete scan`() async throws {
        let world = try LoopWorld()
        try world.write(manifest("web"), to: "web.json")
        try await world.reconcile { run in
            try await run.untilConverged { $0.workloads.count == 1 }
            // Move the directory, because deleting it file by file could collide with a write.
            try world.directory.move(".cube/status", to: "taken")
            try await run.until { _ in world.status(of: "web") != nil && world.summary() != nil }
        }
    }
}
