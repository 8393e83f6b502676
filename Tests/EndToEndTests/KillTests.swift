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
                try await endure(in: world, programs: Self.parts(of: world), victim: victim)
            }
        }

        @Test(
            .enabled(if: !engines.isEmpty, "needs a container engine: run .ci/with-engines"), arguments: engines,
            [0, 1])
        func `the manager and the worker of containers may each be killed at any time`(
            engine: String, victim: Int
        ) async throws {
            try await World.with { world in
                world.engineSocket = engine
                world.image = "cube-test:1"
                try await endure(in: world, programs: Self.parts(of: world), victim: victim)
            }
        }

        @Test(
            .enabled(if: KilledEngine.home != nil, "needs Docker: run .ci/with-engines"), arguments: [true, false])
        func `the container engine may be killed at any time`(liveRestore: Bool) async throws {
            try await World.with { world in
                try await Self.withKilledEngine(in: world, liveRestore: liveRestore) { engine in
                    try engine.docker("import '\(KilledEngine.home!)/image.tar' cube-test:1")
                    world.image = "cube-test:1"
                    for arguments in Self.parts(of: world) { try world.start(arguments) }
                    try await endure(in: world, victim: "dockerd", seed: Self.seed, endsTasks: true) {
                        try await engine.kill()
                    } restart: {
                        try await engine.start()
                    }
                }
            }
        }

        @Test(
            .enabled(
                if: !engines.isEmpty && PulledImages.registry != nil, "needs an engine and docker-registry"),
            arguments: engines, [0, 1])
        func `the manager and the worker may be killed while an image is pulled`(
            engine: String, victim: Int
        ) async throws {
            try await World.with { world in
                world.engineSocket = engine
                let programs = Self.parts(of: world, ofContainers: true)
                var running: [Program] = []
                for arguments in programs { running.append(try world.start(arguments)) }
                try await endurePulls(in: world, victim: programs[victim][0]) {
                    running[victim].kill(SIGKILL)
                    await running[victim].ended()
                } restart: {
                    running[victim] = try world.start(programs[victim])
                }
            }
        }

        @Test(
            .enabled(if: KilledEngine.home != nil && PulledImages.registry != nil, "needs Docker and docker-registry"),
            arguments: [true, false])
        func `the container engine may be killed while it pulls an image`(liveRestore: Bool) async throws {
            try await World.with { world in
                try await Self.withKilledEngine(in: world, liveRestore: liveRestore) { engine in
                    for arguments in Self.parts(of: world, ofContainers: true) { try world.start(arguments) }
                    try await endurePulls(in: world, victim: "dockerd", endsTasks: true) {
                        try await engine.kill()
                    } restart: {
                        try await engine.start()
                    }
                }
            }
        }

        /// Runs a test with an engine of its own, which it may kill, and afterwards ends the programs of the world and removes all
        /// containers of the engine.
        private static func withKilledEngine(
            in world: World, liveRestore: Bool, _ test: (KilledEngine) async throws -> Void
        ) async throws {
            let engine = KilledEngine(options: liveRestore ? ["--live-restore"] : [])
            try await engine.start()
            world.engineSocket = engine.socket
            let result: Result<Void, any Error>
            do { result = .success(try await test(engine)) } catch { result = .failure(error) }
            // Without its engine, the world cannot end its tasks.
            await world.endPrograms()
            try engine.docker("ps -aq | xargs -r docker -H 'unix://\(engine.socket)' rm -f")
            try await engine.kill()
            try result.get()
        }

        /// The sockets of the engines that `.ci/with-engines` started.
        private static let engines = ["CUBE_TEST_DOCKER", "CUBE_TEST_PODMAN"].compactMap {
            ProcessInfo.processInfo.environment[$0]
        }

        private static func parts(of world: World, ofContainers isOfContainers: Bool? = nil) -> [[String]] {
            let socket = world.socket("manager")
            return [
                ["manager", "--listen", "unix:\(socket)"],
                [
                    "worker", "--name", "w1", "--join", "unix:\(socket)", "--listen",
                    "unix:\(world.socket("worker"))",
                ] + (isOfContainers ?? (world.image != nil) ? ["--allow-mount", world.evidence.path] : []),
                ["reconcile", "--manager", "unix:\(socket)"],
            ]
        }

        /// Changes manifests and kills the victim in each round, then waits until the state matches the manifests and
        /// checks the ledger.
        private func endure(in world: World, programs: [[String]], victim: Int) async throws {
            var running: [Program] = []
            for arguments in programs { running.append(try world.start(arguments)) }
            defer { for program in running { program.kill(SIGTERM) } }
            try await endure(in: world, victim: programs[victim][0], seed: Self.seed &+ UInt64(victim)) {
                running[victim].kill(SIGKILL)
                await running[victim].ended()
            } restart: {
                running[victim] = try world.start(programs[victim])
            }
        }

        /// - Parameter endsTasks: whether tasks may die with the victim, so that they start again without having recorded an end.
        private func endure(
            in world: World, victim: String, seed: UInt64, endsTasks: Bool = false, kill: () async throws -> Void,
            restart: () async throws -> Void
        ) async throws {
            print("killing \(victim) \(Self.rounds) times, seed \(Self.seed)")
            var random = SeededGenerator(seed: seed)
            var desired = Desired()
            for name in ["alpha", "beta", "gamma"] { try desired.service(name, in: world) }

            for round in 1...Self.rounds {
                try desired.change(round: round, in: world, by: &random, jobs: !endsTasks)
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...2500, using: &random)))
                try await kill()
                if Bool.random(using: &random) {
                    try desired.change(round: 1000 + round, in: world, by: &random, jobs: !endsTasks)
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
                try await restart()
            }

            try await world.wait(for: "services as desired, seed \(Self.seed)", within: .seconds(120)) {
                var living = try world.ledger.living().mapValues(\.version)
                if endsTasks, let engine = world.engineSocket {
                    // A task of a workload that was removed may have died without an entry.
                    let running = try Self.runningContainers(of: engine, in: world)
                    living = living.filter { running.contains($0.key.replacing("/", with: "-")) }
                }
                return living == desired.slots
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
            if !endsTasks { #expect(try world.ledger.contradictions() == [], "seed \(Self.seed)") }
            for name in desired.jobs.keys {
                let starts = try world.ledger.entries().count { $0.slot == "\(name)/0" && $0.event == .start }
                #expect(starts == 1, "job \(name) started \(starts) times, seed \(Self.seed)")
            }
            if let engine = world.engineSocket {
                // Every wanted container runs once, and no other.
                let wanted = desired.slots.keys.map { $0.replacing("/", with: "-") }.sorted()
                try await world.wait(for: "one container for each of \(wanted), seed \(Self.seed)") {
                    try Self.runningContainers(of: engine, in: world) == wanted
                }
            }
        }

        /// In each round, declares a service with an image that was never pulled, and kills the victim during the pull. In the end,
        /// every service runs once.
        private func endurePulls(
            in world: World, victim: String, endsTasks: Bool = false, kill: () async throws -> Void,
            restart: () async throws -> Void
        ) async throws {
            print("killing \(victim) \(Self.rounds) times during a pull, seed \(Self.seed)")
            var random = SeededGenerator(seed: Self.seed)
            var wanted: [String] = []
            for round in 1...Self.rounds {
                let image = try PulledImages.push()
                world.image = image
                try world.service("pull-\(round)")
                wanted.append("pull-\(round)-0")
                try await world.wait(for: "the pull of \(image), seed \(Self.seed)") {
                    world.log().contains("pulling image \(image)")
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...600, using: &random)))
                try await kill()
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
                try await restart()
                try await world.wait(
                    for: "one container for each of \(wanted), seed \(Self.seed)", within: .seconds(120)
                ) {
                    try Self.runningContainers(of: world.engineSocket!, in: world) == wanted.sorted()
                }
            }
            try await world.wait(for: "an entry of each service, seed \(Self.seed)") {
                try world.ledger.living().count == wanted.count
            }
            if !endsTasks { #expect(try world.ledger.contradictions() == [], "seed \(Self.seed)") }
        }

        /// The slots of the running containers of a world, as `name-ordinal`, sorted.
        private static func runningContainers(of engine: String, in world: World) throws -> [String] {
            let output = Pipe()
            let list = Process()
            list.executableURL = URL(filePath: "/usr/bin/env")
            list.arguments = [
                "docker", "-H", "unix://\(engine)", "ps", "--filter",
                "label=cube.directory=\(world.data.path)/worker/w1",
                "--format", #"{{.Label "cube.name"}}-{{.Label "cube.ordinal"}}"#,
            ]
            list.standardOutput = output
            try list.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            list.waitUntilExit()
            #expect(list.terminationStatus == 0)
            return text.split(separator: "\n").map(String.init).sorted()
        }
    }
}

/// A Docker engine of a test that is killed and started again.
private struct KilledEngine {
    /// The directory in which `.ci/with-engines` keeps engines; `nil` if Docker is not available.
    static let home = ProcessInfo.processInfo.environment["CUBE_TEST_DOCKER"].flatMap { _ in
        ProcessInfo.processInfo.environment["CUBE_TEST_ENGINES"]
    }

    let name = "kill-\(UUID().uuidString.prefix(8).lowercased())"
    let options: [String]
    var socket: String { "\(Self.home!)/\(name).sock" }
    private var processFile: String { "\(Self.home!)/\(name).pid" }

    /// Starts the engine and waits until it responds. It has a network of its own, without a bridge, because the bridge is that of
    /// another engine. The registry of the tests is there too.
    func start() async throws {
        let registry = """
            ip link set lo up
            ! command -v docker-registry >/dev/null ||
                setpriv --pdeathsig KILL docker-registry serve '\(Self.home!)/registry-5000.yml' >/dev/null 2>&1 &
            exec "$0" "$@"
            """
        let words =
            ["unshare --net sh -c '\(registry.replacing("'", with: #"'\''"#))' '\(Self.home!)/start-docker'", name]
            + ["--bridge=none", "--iptables=false"] + options
        for _ in 0..<3 {
            #expect(system("\(words.joined(separator: " ")) </dev/null &") == 0)
            for attempt in 0..<600 {
                if system("docker -H 'unix://\(socket)' version >/dev/null 2>&1") == 0 { return }
                // dockerd gives up when its containerd takes too long. A service manager would start it again.
                if attempt > 20, !FileManager.default.fileExists(atPath: processFile) { break }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        Issue.record("the engine has not started: \(Self.home!)/\(name).log")
    }

    func docker(_ command: String) throws {
        #expect(system("docker -H 'unix://\(socket)' \(command) >/dev/null") == 0, "\(command)")
    }

    /// Kills the engine, which leaves its containers alone, and waits until it is gone.
    func kill() async throws {
        let text = try String(contentsOfFile: processFile, encoding: .utf8)
        let process = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        Glibc.kill(process, SIGKILL)
        while Glibc.kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
    }
}

/// Images that no engine has, in the registry that `.ci/with-engines` started. Each has a layer of its own, whose pull takes a while.
private enum PulledImages {
    static let registry = KilledEngine.home.flatMap { _ in ProcessInfo.processInfo.environment["CUBE_TEST_REGISTRY"] }

    /// Pushes another image and returns its name.
    static func push() throws -> String {
        let image = "\(registry!)/kill-\(UUID().uuidString.prefix(8).lowercased()):1"
        let script = """
            set -e
            directory=$(mktemp -d)
            head -c 48M /dev/urandom >$directory/random
            cp "$CUBE_TEST_ENGINES/image.tar" $directory/image.tar
            tar -C $directory -rf $directory/image.tar random
            export DOCKER_HOST=unix://$CUBE_TEST_DOCKER
            docker import $directory/image.tar \(image)
            docker push -q \(image)
            docker rmi \(image)
            rm -r $directory
            """
        #expect(system("(\(script)) >/dev/null") == 0)
        return image
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
    ///
    /// - Parameter isWithJobs: whether new jobs may be among the changes.
    mutating func change(round: Int, in world: World, by random: inout SeededGenerator, jobs isWithJobs: Bool) throws {
        let name = services.keys.sorted().randomElement(using: &random)!
        let (version, replicas) = services[name]!
        switch Int.random(in: 0...4, using: &random) {
        case 0: try service(name, version: version + 1, replicas: replicas, in: world)
        case 1: try service(name, version: version, replicas: replicas % 3 + 1, in: world)
        case 2: try service("new-\(round)", in: world)
        case 3 where isWithJobs:
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
