import CubeTesting
import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Kills programs with SIGKILL at random moments while manifests change. Nothing is lost, no task runs twice, and
    /// no exit code is lost.
    ///
    /// `CUBE_KILL_ROUNDS` sets how often each program is killed (default 3). `CUBE_SEED` repeats a run.
    @Suite struct KillTests {
        private static let rounds = ProcessInfo.processInfo.environment["CUBE_KILL_ROUNDS"].flatMap(Int.init) ?? 3
        private static let seed =
            ProcessInfo.processInfo.environment["CUBE_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...999_999)

        @Test func `up may be killed at any time`() async throws {
            try await World.with { world in
                try await endure(in: world, programs: [["up"]], victim: 0)
            }
        }

        @Test(arguments: [0, 1, 2])
        func `the manager, the worker and the reconciler may each be killed at any time`(victim: Int) async throws {
            try await World.with { world in
                let socket = world.socket("manager")
                try await endure(
                    in: world,
                    programs: [
                        ["manager", "--listen", "unix:\(socket)"],
                        [
                            "worker", "--name", "w1", "--join", "unix:\(socket)", "--listen",
                            "unix:\(world.socket("worker"))",
                        ],
                        ["reconcile", "--manager", "unix:\(socket)"],
                    ], victim: victim)
            }
        }

        /// Changes manifests and kills the victim in each round, then waits until the state matches the manifests and
        /// checks the ledger.
        private func endure(in world: World, programs: [[String]], victim: Int) async throws {
            print("killing \(programs[victim][0]) \(Self.rounds) times, seed \(Self.seed)")
            var random = SeededGenerator(seed: Self.seed &+ UInt64(victim))
            var desired = Desired()
            var running: [Program] = []
            for name in ["alpha", "beta", "gamma"] { try desired.service(name, in: world) }
            for arguments in programs { running.append(try world.start(arguments)) }

            for round in 1...Self.rounds {
                try desired.change(round: round, in: world, by: &random)
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...2500, using: &random)))
                running[victim].kill(SIGKILL)
                await running[victim].ended()
                if Bool.random(using: &random) { try desired.change(round: 1000 + round, in: world, by: &random) }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
                running[victim] = try world.start(programs[victim])
            }

            try await world.wait(for: "services as desired, seed \(Self.seed)", within: .seconds(120)) {
                try world.ledger.living().mapValues(\.version) == desired.slots
            }
            try await world.wait(for: "an exit code of every job, seed \(Self.seed)", within: .seconds(60)) {
                try desired.jobs.allSatisfy { name, code in
                    let tasks = world.workload(name)?["tasks"] as? [[String: Any]]
                    let known = tasks?.compactMap { ($0["exit"] as? [String: Any])?["code"] as? Int }
                    return try world.ledger.entries().contains {
                        $0.slot == "\(name)/0" && $0.event == .end(code: code)
                    }
                        && known == [code]
                }
            }
            #expect(try world.ledger.contradictions() == [], "seed \(Self.seed)")
            for name in desired.jobs.keys {
                let starts = try world.ledger.entries().count { $0.slot == "\(name)/0" && $0.event == .start }
                #expect(starts == 1, "job \(name) started \(starts) times, seed \(Self.seed)")
            }
            for program in running { program.kill(SIGTERM) }
        }
    }
}

/// The state that the manifests declare.
private struct Desired {
    /// The versions of services by `name/ordinal`.
    var slots: [String: String] = [:]
    private var services: [String: (version: Int, replicas: Int)] = [:]
    /// The exit codes of jobs by name.
    private(set) var jobs: [String: Int] = [:]
    private var deletions = 0

    mutating func service(_ name: String, version: Int = 1, replicas: Int = 1, in world: World) throws {
        services[name] = (version, replicas)
        try world.service(name, version: version, replicas: replicas)
        count()
    }

    /// Makes a random change: an edit, another number of replicas, a new service, a new job, or a deletion (at most three, which
    /// the guard allows).
    mutating func change(round: Int, in world: World, by random: inout SeededGenerator) throws {
        let name = services.keys.sorted().randomElement(using: &random)!
        let (version, replicas) = services[name]!
        switch Int.random(in: 0...4, using: &random) {
        case 0: try service(name, version: version + 1, replicas: replicas, in: world)
        case 1: try service(name, version: version, replicas: replicas % 3 + 1, in: world)
        case 2: try service("new-\(round)", in: world)
        case 3:
            let code = Int.random(in: 2...99, using: &random)
            jobs["job-\(round)"] = code
            try world.job("job-\(round)", exitCode: code)
        default:
            guard deletions < 3, services.count > 2 else { return }
            deletions += 1
            services[name] = nil
            try world.remove(name)
            count()
        }
    }

    private mutating func count() {
        slots = [:]
        for (name, (version, replicas)) in services {
            for ordinal in 0..<replicas { slots["\(name)/\(ordinal)"] = "\(version)" }
        }
    }
}
