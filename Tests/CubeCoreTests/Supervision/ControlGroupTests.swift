import CubeCore
import CubeTypes
import Testing

@Suite struct ControlGroupTests {
    /// A machine with version 2 only.
    private static let two = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate"
    /// A hybrid machine, whose version 2 has no controllers.
    private static let hybrid = """
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
        40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
        """

    private func layout(_ mounts: String, _ memberships: String, isRoot: Bool) -> ControlGroupLayout {
        ControlGroupLayout(mounts: mounts, memberships: memberships, isRoot: isRoot)
    }

    /// Returns the findings as text, one for each controller.
    private func text(_ layout: ControlGroupLayout) -> [String] {
        ControlGroupController.allCases.map { controller in
            switch layout.findings[controller] {
            case .possible(let hierarchy): "\(hierarchy.version) \(hierarchy.parent)"
            case .impossible(let reason): reason
            case nil: "none"
            }
        }
    }

    private static let notDelegated = "the worker does not run as root, and no control group is delegated to it"

    @Test(arguments: [true, false])
    func `A worker that was started in cube-worker uses the group above it, as any user`(isRoot: Bool) {
        let unit = layout(Self.two, "0::/system.slice/cube.service/cube-worker\n", isRoot: isRoot)
        #expect(text(unit) == Array(repeating: "two /sys/fs/cgroup/system.slice/cube.service", count: 3))
        let memberships = "4:memory:/cube/cube-worker\n1:cpu,cpuacct:/cube/cube-worker\n8:pids:/a\n0::/\n"
        #expect(
            text(layout(Self.hybrid, memberships, isRoot: isRoot)) == [
                "one /sys/fs/cgroup/memory/cube", "one /sys/fs/cgroup/cpu,cpuacct/cube",
                isRoot ? "one /sys/fs/cgroup/pids" : Self.notDelegated,
            ])
    }

    @Test func `A worker of root uses the top of each hierarchy, and another user has none`() {
        let unit = "0::/system.slice/cube.service\n"
        #expect(text(layout(Self.two, unit, isRoot: true)) == Array(repeating: "two /sys/fs/cgroup", count: 3))
        #expect(text(layout(Self.two, unit, isRoot: false)) == Array(repeating: Self.notDelegated, count: 3))
        // The name must be that of the group of the worker itself.
        for path in ["/cube-worker/x", "/my-cube-worker", "/"] {
            #expect(text(layout(Self.two, "0::\(path)\n", isRoot: false))[0] == Self.notDelegated, "\(path)")
        }
        #expect(
            text(layout(Self.hybrid, "4:memory:/\n0::/\n", isRoot: true)) == [
                "one /sys/fs/cgroup/memory", "one /sys/fs/cgroup/cpu,cpuacct", "one /sys/fs/cgroup/pids",
            ])
    }

    @Test func `A controller that version 1 does not have is looked for in version 2`() {
        let mounts = Self.hybrid.split(separator: "\n").filter { !$0.contains("rw,pids") }.joined(separator: "\n")
        let found = text(layout(mounts, "0::/a/cube-worker\n4:memory:/\n", isRoot: false))
        #expect(found == [Self.notDelegated, Self.notDelegated, "two /sys/fs/cgroup/unified/a"])
    }

    @Test func `Mounts of a part of a hierarchy and unusual lines are understood`() {
        let part = #"1 2 0:3 /docker/a\040b /sys/fs/c\040d rw - cgroup2 cgroup2 rw"#
        #expect(text(layout(part, "0::/docker/a b/x/cube-worker\n", isRoot: false))[0] == "two /sys/fs/c d/x")
        #expect(text(layout(part, "0::/docker/a b/cube-worker\n", isRoot: false))[0] == "two /sys/fs/c d")
        // A group outside of the mount has no directory.
        for path in ["/docker/a bc/cube-worker", "/../cube-worker", "/cube-worker"] {
            #expect(text(layout(part, "0::\(path)\n", isRoot: false))[0] == Self.notDelegated, "\(path)")
        }
        for mounts in ["", "\n", "x", "1 2 3 4 5 6 -", "1 2 0:3 / /sys rw - ext4 /dev/sda rw", "- - - - - - - - -"] {
            for memberships in ["", "x", "0:", "::", "0::", "a:b:c:d"] {
                let found = text(layout(mounts, memberships, isRoot: true))
                #expect(found[0] == "no control groups for memory are mounted", "\(mounts) \(memberships)")
            }
        }
    }

    // MARK: Values

    private static let limits = TaskLimits(memory: 600 << 20, millicores: 1500, pids: 200, openFiles: 100, disk: 1)
    private static let run = RunIdentity(
        task: TaskID(rawValue: "11111111-2222-3333-4444-555555555555")!, placement: 2, number: 13, boot: "b")

    /// Returns what is written for a run, as `PATH FILE=VALUE`.
    private func writes(_ abilities: ControlGroupAbilities, _ limits: TaskLimits) -> [String] {
        abilities.groups(limits, of: Self.run, worker: "cube-w").flatMap { group in
            group.settings.map { "\(group.path) \($0.file)=\($0.value)\($0.isOptional ? " if possible" : "")" }
        }
    }

    private func abilities(_ places: [ControlGroupController: ControlGroupHierarchy]) -> ControlGroupAbilities {
        var abilities = ControlGroupAbilities()
        abilities.hierarchies = places
        return abilities
    }

    @Test func `In version 2, a run has one group with all limits, and is killed as a whole`() {
        let place = ControlGroupHierarchy(version: .two, parent: "/c")
        let all = abilities([.memory: place, .cpu: place, .pids: place])
        let path = "/c/cube-w/11111111-2222-3333-4444-555555555555-2-13"
        #expect(
            writes(all, Self.limits) == [
                "\(path) memory.max=629145600", "\(path) memory.swap.max=0 if possible",
                "\(path) memory.oom.group=1 if possible", "\(path) cpu.max=150000 100000", "\(path) pids.max=200",
            ])
        #expect(writes(all, TaskLimits(pids: 7)) == ["\(path) pids.max=7"])
        #expect(writes(all, TaskLimits(openFiles: 7, disk: 1)).isEmpty)
        #expect(all.enforced == ["limits.memory", "limits.cpu", "limits.pids"])
    }

    @Test func `In version 1, a run has a group in the hierarchy of each limit`() {
        let all = abilities([
            .memory: ControlGroupHierarchy(version: .one, parent: "/c/memory"),
            .cpu: ControlGroupHierarchy(version: .one, parent: "/c/cpu"),
            .pids: ControlGroupHierarchy(version: .one, parent: "/c/pids"),
        ])
        let name = "cube-w/11111111-2222-3333-4444-555555555555-2-13"
        #expect(
            writes(all, Self.limits) == [
                "/c/cpu/\(name) cpu.cfs_period_us=100000", "/c/cpu/\(name) cpu.cfs_quota_us=150000",
                "/c/memory/\(name) memory.limit_in_bytes=629145600",
                "/c/memory/\(name) memory.memsw.limit_in_bytes=629145600 if possible", "/c/pids/\(name) pids.max=200",
            ])
        // The smallest limit of a manifest is the smallest that the kernel takes: 1 ms.
        #expect(writes(all, TaskLimits(millicores: 10)).last == "/c/cpu/\(name) cpu.cfs_quota_us=1000")
    }

    @Test func `A limit without a controller has no group and is not enforced`() {
        let some = abilities([.pids: ControlGroupHierarchy(version: .one, parent: "/c/pids")])
        #expect(writes(some, Self.limits).count == 1)
        #expect(some.enforced == ["limits.pids"])
        #expect(writes(ControlGroupAbilities(), Self.limits).isEmpty)
    }

    @Test func `The groups of a worker and of its runs are recognised by their names`() {
        let worker = ControlGroup.worker(in: "/var/lib/cube/worker/w1")
        #expect(worker == ControlGroup.worker(in: "/var/lib/cube/worker/w1"))
        #expect(worker != ControlGroup.worker(in: "/var/lib/cube/worker/w2"))
        #expect(worker.count == 21 && worker.hasPrefix("cube-"))
        let found = ControlGroup.run(named: ControlGroup.name(of: Self.run))
        #expect(found?.task == Self.run.task && found?.directory == "2-13")
        for name in ["", "1-2", "x-1-2", "\(Self.run.task)", "\(Self.run.task)-1", "\(Self.run.task)-1-x", "probe-1"] {
            #expect(ControlGroup.run(named: name) == nil, "\(name)")
        }
        #expect(ControlGroup.isOfWorker("/c/memory/cube-w/run"))
        for path in ["", "/", "/cube-w", "/c/memory/docker/x", "/c/cube-w/run/below"] {
            #expect(!ControlGroup.isOfWorker(path), "\(path)")
        }
    }

    @Test func `The memory of a group leaves out the files that the kernel would drop first`() {
        let two = ControlGroupMemory(current: "1000\n", statistics: "anon 5\ninactive_file 300\n", limit: "2000\n")
        #expect(two?.used == 700 && two?.limit == 2000)
        let one = ControlGroupMemory(
            current: "1000\n", statistics: "inactive_file 1\ntotal_inactive_file 400\n", limit: "2000\n")
        #expect(one?.used == 600)
        #expect(ControlGroupMemory(current: "1\n", statistics: "inactive_file 9", limit: "max\n")?.used == 0)
        #expect(ControlGroupMemory(current: "1\n", statistics: "", limit: "max\n")?.limit == nil)
        #expect(ControlGroupMemory(current: "x", statistics: "", limit: "1") == nil)
    }
}
