import CubeCore
import CubeErrors
import CubeManager
import CubeSystem
import CubeTypes
import Glibc
import SystemPackage
import Testing

@testable import cube

/// Locks, addresses and paths, on real files.
@Suite struct FilesTests {
    /// A separate directory for each test.
    private let scratch: FilePath

    init() throws {
        var template = Array("/tmp/cube-files.XXXXXX".utf8CString)
        scratch = FilePath(String(cString: try #require(mkdtemp(&template))))
    }

    @Test func `a second process receives the name of the lock holder`() throws {
        let directory = scratch.appending("run")
        let first = try DirectoryLock.take(directory, for: "cube up")
        let error = #expect(throws: APIError.self) { try DirectoryLock.take(directory, for: "cube apply") }
        #expect(error?.reason == .locked)
        #expect(error?.message == "\(directory) is in use by cube up, process \(getpid())")
        #expect(Failure(try #require(error)).hint?.contains("cube status") == true)
        let part = APIError(.locked, "in use", details: ["holder": "cube manager, process 7"])
        #expect(Failure(part).hint == "end it first, with Ctrl-C or through its systemd unit")
        #expect(Failure(APIError(.locked, "cannot listen")).hint?.contains("port 0") == true)
        #expect(try DirectoryLock.holder(of: directory)?.process == getpid())
        #expect(throws: APIError.self) { try DirectoryLock.requireFree(directory) }
        withExtendedLifetime(first) {}
        #expect(throws: Never.self) { try DirectoryLock.requireFree(scratch.appending("other")) }
    }

    @Test func `each part adds its address and keeps the addresses of the others`() throws {
        let data = DataDirectory(path: scratch.appending(".cube"))
        try Addresses.update(in: data) { $0.manager = "http://127.0.0.1:1" }
        try Addresses.update(in: data) { $0.workers.append("unix:/w") }
        #expect(try Addresses.load(from: data) == Addresses(manager: "http://127.0.0.1:1", workers: ["unix:/w"]))
    }

    @Test func `readers report an invalid address file, and writers replace it`()
        throws
    {
        let data = DataDirectory(path: scratch.appending(".cube"))
        try data.run.makeDirectory()
        let file = data.run.appending("addresses.json")
        try NamedFile.write(Array("garbage".utf8), to: file)
        let failure = #expect(throws: Failure.self) { try Addresses.load(from: data) }
        #expect(failure?.message.contains("\(file)") == true)
        try Addresses.update(in: data) { $0.manager = "http://127.0.0.1:1" }
        #expect(try Addresses.load(from: data).manager == "http://127.0.0.1:1")
    }

    @Test func `doctor reports a worker that runs on the data directory`() throws {
        let data = DataDirectory(path: scratch.appending(".cube"))
        let lock = try DirectoryLock.take(data.worker(NodeName(rawValue: "w1")!), for: "cube worker")
        #expect(try HoldersCheck.measure(data).verdict == .good("cube worker, process \(getpid())"))
        withExtendedLifetime(lock) {}
    }

    @Test func `an error of the store is reported with its path and a hint`() {
        let data = DataDirectory(path: "/d")
        let damaged = ManagerRole.failure(.damaged("the record of task x cannot be read"), of: data)
        #expect(
            damaged.message
                == "the manager's store /d/manager/cube.sqlite is damaged: the record of task x cannot be read")
        #expect(damaged.hint?.contains("`cube manager restore FILE --data-dir /d`") == true)
        #expect(ManagerRole.failure(.failed("gone"), of: data).hint?.contains("put /d/manager back") == true)
    }

    @Test func `a hint names the data directory unless it is the one that a command uses anyway`() {
        let other = DataDirectory(path: "/srv/my cube")
        #expect(other.command("down --orphans") == "`cube down --orphans --data-dir '/srv/my cube'`")
        #expect(DataDirectory.standard().command("down --orphans") == "`cube down --orphans`")
    }

    @Test func `a new file overwrites nothing and is accessible only to its owner`() async throws {
        let path = scratch.appending("new")
        try await NamedFile.create(path) { sink in try sink(Array("first".utf8)) }
        await #expect(throws: Failure.self) {
            try await NamedFile.create(path) { sink in try sink(Array("second".utf8)) }
        }
        #expect(try NamedFile.read(path) == Array("first".utf8))
        var status = stat()
        #expect(stat(path.string, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try Directory.names(in: scratch) == ["new"])
    }

    @Test func `the error of a backup that cannot be read does not blame the new file`() async throws {
        let path = scratch.appending("backup")
        let failed = FileError(path: "/source", cause: .ioError)
        let problem = await #expect(throws: FileProblem.self) { try await NamedFile.create(path) { _ in throw failed } }
        #expect(problem?.doing == "read" && problem?.error.path == "/source")
        #expect(try Directory.names(in: scratch) == [])
    }

    @Test func `a data directory is accessible only to its owner and is ignored by git`() throws {
        let data = DataDirectory(path: scratch.appending("a/b/.cube"))
        try data.prepare()
        var status = stat()
        #expect(stat(data.path.string, &status) == 0 && status.st_mode & 0o777 == 0o700)
        #expect(try NamedFile.read(data.path.appending(".gitignore")) == Array("*\n".utf8))
    }

    @Test func `a path is made absolute, and dot components are removed`() {
        #expect(FilePath.absolute("/a/./b/../c") == "/a/c")
        #expect(FilePath.absolute("m").isAbsolute)
    }
}
