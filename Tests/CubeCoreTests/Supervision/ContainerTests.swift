import CubeCore
import CubeTesting
import CubeTypes
import Testing

struct ContainerSpecTests {
    private func spec(_ change: (inout TaskDefinition) -> Void = { _ in }) -> ContainerSpec {
        var assignment = TaskAssignment.example { definition in
            definition.image = "web:1.4"
            change(&definition)
        }
        assignment.ports = ["http": 20_001, "raw": 20_002]
        let run = RunIdentity(
            task: assignment.id, placement: 2, number: 5, boot: "b", runtime: .docker,
            slot: "\(assignment.definition.name)-\(assignment.ordinal)")
        return ContainerSpec(
            run, of: assignment, on: NodeName(rawValue: "w1")!, in: "/data", variables: [["FROM": "file"]],
            files: [.init(source: "/data/files/0", target: "/etc/web.conf")], volumes: [])
    }

    @Test func `The name of a container is that of its slot, followed by the task, the placement and the run`() {
        let assignment = TaskAssignment.example()
        #expect(spec().name == "cube-\(assignment.definition.name)-\(assignment.ordinal)-\(assignment.id)-2-5")
    }

    @Test func `A published port listens on its own number inside the container, and its variable says so`() {
        let spec = spec {
            $0.ports = [PortSpec(name: "http", container: 8080), PortSpec(name: "raw", transport: .udp)]
            $0.command = ["web", "$(PORT_HTTP)"]
        }
        #expect(spec.ports.map(\.container) == [8080, 20_002] && spec.ports.map(\.host) == [20_001, 20_002])
        #expect(spec.ports.map(\.transport) == [.tcp, .udp])
        #expect(spec.environment.contains("PORT_HTTP=8080") && spec.environment.contains("PORT_RAW=20002"))
        #expect(spec.command == ["web", "8080"])
    }

    @Test func `A container keeps the path, home and language of its image`() {
        let names = spec { $0.env = [:] }.environment.map { $0.prefix { $0 != "=" } }
        #expect(Set(names).isDisjoint(with: ["PATH", "HOME", "LANG"]))
        #expect(names.contains("FROM") && names.contains("CUBE_TASK_ID"))
    }

    @Test func `A container gains no privileges unless its manifest says so`() {
        #expect(spec().forbidsNewPrivileges)
        #expect(!spec { $0.security = TaskSecurity(noNewPrivileges: false) }.forbidsNewPrivileges)
    }

    @Test func `A container has no additional privileges unless its manifest says so`() {
        #expect(!spec().isReadOnly && spec().capabilities.isEmpty && spec().devices.isEmpty)
        let spec = spec {
            $0.security = TaskSecurity(readOnlyRoot: true, capabilities: ["NET_ADMIN"], devices: ["/dev/net/tun"])
        }
        #expect(spec.isReadOnly && spec.capabilities == ["NET_ADMIN"] && spec.devices == ["/dev/net/tun"])
    }

    @Test func `A container joins networks of its owner on its node under its name and the name of its replica`() throws
    {
        let internalNetwork = NetworkName(rawValue: "internal")!
        guard case .joined(let networks, let aliases) = spec({ $0.network.join = [internalNetwork] }).network else {
            Issue.record("no network")
            return
        }
        let assignment = TaskAssignment.example()
        #expect(aliases == ["web", "web-0"] && networks.count == 1)
        #expect(networks[0].name.hasPrefix("cube-default-internal-"))
        #expect(networks[0].labels["cube.worker"] == "w1" && networks[0].labels["cube.network"] == "internal")
        #expect(!networks[0].isForeign(networks[0].labels) && networks[0].isForeign([:]) && networks[0].isForeign(nil))
        // Workers may share an engine, and the names of owners and networks may run into each other.
        let elsewhere = ContainerNetwork(internalNetwork, of: assignment, on: NodeName(rawValue: "w2")!)
        #expect(elsewhere.name != networks[0].name && networks[0].isForeign(elsewhere.labels))
        var (left, right) = (assignment, assignment)
        (left.owner, right.owner) = (OwnerName(rawValue: "a")!, OwnerName(rawValue: "a-b")!)
        let w1 = NodeName(rawValue: "w1")!
        #expect(
            ContainerNetwork(NetworkName(rawValue: "b-c")!, of: left, on: w1).name
                != ContainerNetwork(NetworkName(rawValue: "c")!, of: right, on: w1).name)
    }

    @Test func `A container in the network of the node publishes no port, and its variable has the port of the node`() {
        let spec = spec {
            $0.network.mode = .host
            $0.ports = [PortSpec(name: "http")]
        }
        #expect(spec.network == .host && spec.ports.isEmpty && spec.environment.contains("PORT_HTTP=20001"))
    }

    @Test func `A limit that the engine cannot enforce is not requested, and is reported`() {
        let limits = TaskLimits(memory: 1 << 30, millicores: 8000, pids: 10, openFiles: 100, disk: 1 << 30)
        var abilities = EngineAbilities(limitsMemory: true, limitsCPU: true, limitsProcesses: true, cores: 2)
        // No engine limits the disk, and none gives more cores than there are.
        #expect(abilities.notEnforced(limits) == ["limits.disk"])
        #expect(abilities.enforceable(limits).millicores == 2000)
        abilities = EngineAbilities(limitsMemory: false, limitsCPU: false, limitsProcesses: false, cores: 2)
        #expect(abilities.enforceable(limits) == TaskLimits(openFiles: 100))
        #expect(
            abilities.notEnforced(limits) == ["limits.memory", "limits.cpu", "limits.pids", "limits.disk"])
        #expect(abilities.notEnforced(.none).isEmpty)
    }

    @Test func `Only an entrypoint that is written replaces that of the image`() {
        #expect(spec().entrypoint == nil)
        #expect(spec { $0.entrypoint = ["sh", "$(CUBE_NAME)"] }.entrypoint?.last == spec().labels["cube.name"])
    }
}

struct ContainerStatusTests {
    private let now = DurableInstant(boot: "now", uptime: .seconds(1000), wall: Timestamp("2026-01-01T12:00:00Z")!)
    private let task = TaskID(rawValue: "0f3c0000-0000-5000-8000-000000000000")!

    private func state(_ status: ContainerStatus, boot: String = "now", isLeaseLost: Bool = false) -> RunState? {
        let run = RunIdentity(task: task, placement: 1, number: 1, boot: boot, runtime: .docker)
        return status.state(of: run, boot: "now", now: now, isLeaseLost: isLeaseLost)
    }

    @Test func `A container that was created has not started its run`() {
        #expect(state(ContainerStatus(phase: .created)) == nil)
    }

    @Test
    func `The error of a failed start names the program as it is written, without the words of the engine's internals`()
    {
        let error = """
            failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: \
            exec: "s3cret": executable file not found in $PATH: unknown
            """
        func readable(_ program: String) -> String {
            ContainerStatus.readable(error, of: TaskDefinition(name: WorkloadName(rawValue: "a")!, command: [program]))
        }
        #expect(readable("s3cret") == "exec: \"s3cret\": executable file not found in $PATH")
        #expect(readable("$(PROGRAM)") == "exec: \"$(PROGRAM)\": executable file not found in $PATH")
    }

    @Test func `A running container has run since its start, on the clock that nobody sets`() {
        let started = ContainerStatus(phase: .running, startedAt: Timestamp("2026-01-01T11:59:00Z"))
        guard case .running(let since, _) = state(started) else {
            Issue.record("not running")
            return
        }
        #expect(since.uptime == .seconds(940) && since.boot == "now")
    }

    @Test func `A start that seems older than the machine's boot, or lies in the future, is within the boot`() {
        for (text, uptime) in [("2025-01-01T00:00:00Z", Duration.zero), ("2027-01-01T00:00:00Z", .seconds(1000))] {
            guard case .running(let since, _) = state(ContainerStatus(phase: .running, startedAt: Timestamp(text)))
            else {
                Issue.record("not running")
                return
            }
            #expect(since.uptime == uptime)
        }
    }

    @Test func `An exit keeps its code, its time, how long it lasted and whether memory ran out`() {
        let (start, end) = (Timestamp("2026-01-01T11:58:00Z")!, Timestamp("2026-01-01T11:59:30Z")!)
        let status = ContainerStatus(
            phase: .exited, exitCode: 137, ranOutOfMemory: true, startedAt: start, finishedAt: end)
        let ended = RunEnd.exited(TaskResult(code: 137, oom: true, at: end), lasted: .seconds(90))
        #expect(state(status) == .ended(ended))
        #expect(ended.reason == .outOfMemory)
    }

    @Test func `A container that its watchdog killed has lost its lease, unless it ended in another way before`() {
        func end(_ code: Int, oom: Bool = false) -> RunEnd? {
            let status = ContainerStatus(phase: .exited, exitCode: code, ranOutOfMemory: oom)
            if case .ended(let end) = state(status, isLeaseLost: true) { return end } else { return nil }
        }
        #expect(end(137) == .leaseLost)
        #expect(end(137, oom: true)?.reason == .outOfMemory)
        #expect(end(0) == .exited(TaskResult(code: 0, at: now.wall), lasted: .zero))
    }

    @Test func `After a reboot, no exit code counts, because the machine ended the program`() {
        let exited = ContainerStatus(phase: .exited, exitCode: 0, startedAt: now.wall, finishedAt: now.wall)
        #expect(state(ContainerStatus(phase: .created), boot: "before") == .ended(.rebooted))
        #expect(state(exited, boot: "before") == .ended(.rebooted))
    }
}

struct ContainerStopTests {
    private func at(_ seconds: Int) -> DurableInstant {
        DurableInstant(boot: "b", uptime: .seconds(seconds), wall: Timestamp(milliseconds: 0))
    }

    @Test func `The signal is sent once, and the container is killed when the grace period after it has passed`() {
        var stop = ContainerStop(StopPolicy(signal: "SIGINT", grace: .seconds(10)))
        #expect(stop.due(at: at(100)) == .send(signal: "SIGINT", next: .seconds(10)))
        #expect(stop.due(at: at(104)) == .wait(.seconds(6)))
        #expect(stop.due(at: at(110)) == .send(signal: "SIGKILL", next: .seconds(1)))
        #expect(stop.due(at: at(111)) == .send(signal: "SIGKILL", next: .seconds(1)))
    }

    @Test func `A policy with a shorter grace period applies to a stop that has begun`() {
        var stop = ContainerStop(StopPolicy(grace: .seconds(60)))
        _ = stop.due(at: at(0))
        stop.policy.grace = .seconds(5)
        #expect(stop.due(at: at(5)) == .send(signal: "SIGKILL", next: .seconds(1)))
    }
}

struct OutputReadingTests {
    /// A log, and the cursor as it was last written.
    private struct World {
        var log: [UInt8] = []
        var cursor = OutputCursor(container: "c", number: 1, offset: 0)

        /// Reads frames from the engine, beginning with those of the cursor's time stamp, and writes the cursor after some of them.
        mutating func read(_ frames: [(time: Int64, text: String)], until end: Int, writingAfter writes: Set<Int>) {
            var reading = OutputReading(after: cursor, copied: log.count - Int(cursor.offset))
            for (index, frame) in frames.enumerated() where frame.time >= cursor.time && index < end {
                log += reading.take(Array(frame.text.utf8)[...], at: frame.time)
                reading.reached(number: 1, offset: Int64(log.count))
                if reading.hasCaughtUp, writes.contains(index) { cursor = reading.cursor }
            }
        }
    }

    @Test func `Wherever readings are cut off and cursors are written, the log has each frame once`() {
        var random = SeededGenerator(seed: 2026)
        for round in 0..<500 {
            // Several frames often have the same time stamp, and many are equal.
            var time: Int64 = 1
            let frames = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                time += Int64.random(in: 0...1, using: &random)
                return (time: time, text: ["a\n", "bb\n", ""].randomElement(using: &random)!)
            }
            var world = World()
            for _ in 0..<5 {
                let writes = frames.indices.filter { _ in Bool.random(using: &random) }
                world.read(frames, until: .random(in: 0...frames.count, using: &random), writingAfter: Set(writes))
            }
            world.read(frames, until: frames.count, writingAfter: [])
            #expect(world.log == Array(frames.map(\.text).joined().utf8), "seed \(random.seed), round \(round)")
        }
    }
}
