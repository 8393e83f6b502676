import CubeCore
import CubeTypes
import CubeWorker
import Glibc
import SystemPackage
import Testing

@testable import cube

/// Tests each check of `cube doctor` with a good and a bad measurement.
@Suite struct DoctorTests {
    private static let directory = DataDirectoryCheck.Found(owner: 1000, mode: 0o700)

    private static func data(
        found: DataDirectoryCheck.Found? = directory, isWritable: Bool = true, freeBytes: UInt64 = 8 << 30,
        fileSystem: String = "ext4"
    ) -> DataDirectoryCheck {
        DataDirectoryCheck(
            path: "/data", found: found, isWritable: isWritable, user: 1000, freeBytes: freeBytes,
            fileSystem: fileSystem)
    }

    static let good: [any Check] = [
        KernelCheck(release: "6.1.0-13-amd64"), KernelCheck(release: "5.6.0"), OpenFilesCheck(limit: 4096),
        ProcessesCheck(limit: 1024), InotifyCheck(watches: 8192, instances: 128, directories: 3),
        ManifestsCheck(path: "/m", problem: nil),
        ManifestsCheck(
            path: "/m", problem: .noSuchFileOrDirectory,
            source: SourceRevision(kind: "git", path: "", url: "https://host/deploy.git")), data(), data(found: nil),
        StoreCheck(path: "/s", header: nil),
        StoreCheck(path: "/s", header: Array("SQLite format 3\0".utf8)), PortsCheck(hasLoopback: true, taken: []),
        SupervisorCheck(path: "/bin/cube-supervisor", isExecutable: true), OrphansCheck(orphans: []),
        EngineCheck(access: .available(socket: "/var/run/docker.sock", version: "1.41")),
        OrphanContainersCheck(names: []), HoldersCheck(holders: ["cube up, process 1"]), RecordsCheck(problems: []),
        LimitsCheck(obstacles: LimitObstacles(), names: []),
        data(found: DataDirectoryCheck.Found(owner: 1000, mode: 0o711)),
    ]

    static let warning: [any Check] = [
        EngineCheck(access: .absent), EngineCheck(access: .forbidden(socket: "/var/run/docker.sock")),
        OpenFilesCheck(limit: 1024), ProcessesCheck(limit: 100),
        InotifyCheck(watches: nil, instances: nil, directories: 1),
        InotifyCheck(watches: 8192, instances: 8, directories: 1),
        InotifyCheck(watches: 8192, instances: 128, directories: 8000), data(freeBytes: 500 << 20),
        data(found: DataDirectoryCheck.Found(owner: 1000, mode: 0o755)),
        LimitsCheck(obstacles: LimitObstacles(["limits.cpu": "no"]), names: []),
        LimitsCheck(obstacles: LimitObstacles(["limits.cpu": "no"]), names: [WorkloadName(rawValue: "web")!]),
        PortsCheck(hasLoopback: true, taken: [8080]),
    ]

    static let bad: [any Check] = [
        EngineCheck(access: .failing(cause: "the container engine at /s cannot be reached: refused")),
        OrphanContainersCheck(names: ["cube-web-0-x"]),
        KernelCheck(release: "5.5.19"), KernelCheck(release: "unknown"), OpenFilesCheck(limit: 128),
        ProcessesCheck(limit: 10), ManifestsCheck(path: "/m", problem: .permissionDenied),
        ManifestsCheck(path: "/m", problem: .noSuchFileOrDirectory, source: SourceRevision(path: "/m")),
        data(isWritable: false), data(found: DataDirectoryCheck.Found(owner: 0, mode: 0o700)),
        data(freeBytes: 1 << 20), data(fileSystem: "nfs4"), StoreCheck(path: "/s", header: Array("garbage".utf8)),
        StoreCheck(path: "/s", header: nil, lost: LostStore(data: DataDirectory(path: "/m"), tasks: 0)),
        StoreCheck(path: "/s", header: nil, lost: LostStore(data: DataDirectory(path: "/m"), tasks: 2)),
        PortsCheck(hasLoopback: false, taken: []), RecordsCheck(problems: ["a is damaged", "b is damaged"]),
        SupervisorCheck(path: "/bin/cube-supervisor", isExecutable: false),
        OrphansCheck(orphans: ["/data/worker/w/tasks/t"]),
    ]

    @Test func `a measurement without problems is good`() {
        for check in Self.good {
            guard case .good = check.verdict else {
                Issue.record("\(check): \(check.verdict)")
                continue
            }
        }
    }

    @Test func `The limits that are not enforced are grouped by their reason`() {
        let obstacles = LimitObstacles([
            "limits.pids": "no root", "limits.cpu": "not mounted", "limits.memory": "no root",
        ])
        let check = LimitsCheck(obstacles: obstacles, names: ["api", "web"].map { WorkloadName(rawValue: $0)! })
        guard case .warning(let found, _) = check.verdict else {
            Issue.record("\(check.verdict)")
            return
        }
        #expect(
            found
                == "not enforced for processes: limits.cpu: not mounted; limits.memory, limits.pids: no root (tasks with such limits: api, web)"
        )
    }

    @Test func `a measurement near a limit is a warning with a hint`() {
        for check in Self.warning {
            guard case .warning(let found, let hint) = check.verdict, !found.isEmpty, !hint.isEmpty else {
                Issue.record("\(check): \(check.verdict)")
                continue
            }
        }
    }

    @Test func `a measurement that prevents operation is bad, with a hint`() {
        for check in Self.bad {
            guard case .bad(let found, let hint) = check.verdict, !found.isEmpty, !hint.isEmpty else {
                Issue.record("\(check): \(check.verdict)")
                continue
            }
        }
    }

    @Test func `a data directory that others can access is also reported if it is unusable or almost full`() {
        let shared = DataDirectoryCheck.Found(owner: 1000, mode: 0o755)
        let full = Self.data(found: shared, freeBytes: 0)
        let hint = "free some disk space; tasks are not stopped until the directory can be written"
        #expect(full.verdict == .bad("/data has only 0 MiB free", hint: hint))
        guard case .bad = Self.data(found: shared, fileSystem: "nfs4").verdict else {
            Issue.record("a network file system is hidden")
            return
        }
        let small = Self.data(found: shared, freeBytes: 500 << 20)
        #expect(
            small.verdict
                == .warning(
                    "/data is accessible to other users, and has only 500 MiB free",
                    hint: "run `chmod go-rw /data`; it contains tokens and output; free some disk space"))
    }

    @Test func `a damaged record is reported with the command that repairs it in its data directory`() throws {
        var template = Array("/tmp/cube-doctor.XXXXXX".utf8CString)
        let data = DataDirectory(path: FilePath(String(cString: try #require(mkdtemp(&template)))))
        let tasks = data.worker(try #require(NodeName(rawValue: "w1"))).appending("tasks")
        let record = tasks.appending("0a1b2c3d-0000-5000-8000-000000000000").appending("record.json")
        try record.removingLastComponent().makeDirectory()
        try NamedFile.write(Array("{".utf8), to: record)
        let problems = RecordsCheck.measure(data).problems
        #expect(problems.count == 1)
        #expect(problems.first?.contains("`cube worker repair --data-dir \(data.path)`") == true, "\(problems)")
    }

    @Test func `every kind of check except the purely informational one has a bad example`() {
        let kinds = Set(Self.good.map { "\(type(of: $0))" })
        let seen = Set((Self.bad + Self.warning).map { "\(type(of: $0))" })
        #expect(kinds.subtracting(seen) == ["HoldersCheck"])
    }
}
