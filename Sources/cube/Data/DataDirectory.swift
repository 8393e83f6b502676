import CubeCertificates
import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import CubeWorker
import Glibc
import SystemPackage

/// The directory for everything that Cube writes, and the folder of each part in it.
struct DataDirectory: Sendable, Hashable {
    let path: FilePath

    var manager: FilePath { path.appending("manager") }
    /// The certificate authority of the manager.
    var certificates: FilePath { manager.appending("ca") }
    var reconciler: FilePath { path.appending("reconciler") }
    var run: FilePath { path.appending("run") }
    var tokens: FilePath { path.appending("tokens") }
    /// The secrets to which tasks on this machine refer as `secret:NAME`.
    var secrets: FilePath { path.appending("secrets") }
    var status: FilePath { path.appending("status") }
    var drift: FilePath { path.appending("drift") }
    /// A mark that exists while `cube down` ends `cube up` in order to stop its tasks.
    var stopping: FilePath { run.appending("stopping") }

    func worker(_ name: NodeName) -> FilePath { path.appending("worker").appending(name.rawValue) }

    /// The key and the certificate of a worker.
    func identity(of worker: NodeName) -> WorkerIdentityFiles {
        WorkerIdentityFiles(directory: self.worker(worker).appending("identity"))
    }

    /// The records of a worker, for use while the worker does not run.
    func records(of worker: NodeName) -> WorkerDirectory {
        WorkerDirectory(self.worker(worker), command: { command($0) })
    }

    /// The tasks in the records of a worker.
    func tasks(of worker: NodeName) -> StoredTasks {
        StoredTasks(directory: self.worker(worker).string, command: { command($0) })
    }

    /// The workers that have run on this directory, sorted by name.
    var workers: [NodeName] {
        // A directory that cannot be read has no worker that this user could ask about.
        let names = (try? Directory.names(in: path.appending("worker"))) ?? []
        return names.compactMap { NodeName(rawValue: $0.text) }.sorted()
    }

    /// The data directory of a command that is told no other: that of `CUBE_DATA_DIR`, or the one beside the manifests directory.
    ///
    /// - Parameter manifests: The absolute path of the manifests directory; if omitted, that of a command that is told no other.
    static func standard(beside manifests: FilePath = PlaceOptions.standardManifests) -> DataDirectory {
        let named = Environment.value("CUBE_DATA_DIR").map(FilePath.absolute)
        return DataDirectory(path: named ?? manifests.removingLastComponent().appending(".cube"))
    }

    /// A command that uses this directory, as it can be typed in the current directory.
    ///
    /// - Parameter words: The command without the program and without `--data-dir`, such as `down --orphans`.
    func command(_ words: String) -> String {
        "`cube \(words)\(self == .standard() ? "" : " --data-dir \(path.string.shellWord)")`"
    }

    /// Creates the directory, with a `.gitignore` that hides it from git.
    func prepare() throws {
        try path.makeDirectory()
        let ignore = path.appending(".gitignore")
        if !ignore.exists { try NamedFile.write(Array("*\n".utf8), to: ignore, permissions: .readableByAll) }
    }

    /// Whether a worker of this directory is running. If that cannot be determined, it may be.
    func isInUse(by worker: NodeName) -> Bool {
        do { return try DirectoryLock.holder(of: self.worker(worker)) != nil } catch { return true }
    }

    /// The supervisors of tasks that were started from this directory, by whatever path it was reached, or whose directory was moved
    /// into it.
    var supervisors: [LocalSupervisor] { LocalSupervisor.find(in: path) }

    /// The tasks that run as containers of workers of this directory, according to the workers' records.
    var containers: [StoredTasks.Task] { workers.flatMap { containers(of: $0) } }

    /// The tasks of a worker that run as containers, according to its records.
    func containers(of worker: NodeName) -> [StoredTasks.Task] {
        tasks(of: worker).readable().filter(\.isContainer)
    }

    /// The supervisors in ``supervisors`` whose directory is no longer here.
    var orphans: [SupervisorProcess] { supervisors.filter(\.isOrphan).map(\.process) }

    /// Returns the worker with a name or, if `name` is `nil`, the only worker of this directory.
    ///
    /// - Throws: A `Failure` if there is no such worker, or if `name` is `nil` and there are several.
    func worker(named name: NodeName?) throws -> NodeName {
        let names = workers.map(\.rawValue).joined(separator: ", ")
        guard let first = workers.first else {
            throw Failure("no worker has run on \(path)", hint: "select another directory with --data-dir")
        }
        if let name {
            guard workers.contains(name) else {
                throw Failure("no worker \(name) has run on \(path)", hint: "set --name to one of \(names)")
            }
            return name
        }
        guard workers.count == 1 else {
            throw Failure("several workers have run on \(path): \(names)", hint: "select one with --name")
        }
        return first
    }

    /// The running containers of workers of this directory whose records are gone; `nil` if the container engine does not respond.
    func orphanContainers() async -> OrphanContainers? {
        // Without a response, the worker starts no container either.
        try? await OrphanContainers.find(at: [path, path.resolvingLinks], socket: RuntimeOptions.socket)
    }

    /// - Throws: A `Failure` if containers are running here whose records are gone.
    func requireNoOrphanContainers() async throws {
        guard let containers = await orphanContainers(), !containers.isEmpty else { return }
        throw Failure(
            "\(Count(containers.names.count, "container").verb("is", "are")) running whose records in \(path) are gone:\n"
                + containers.names.joined(separator: "\n"),
            hint: "stop them with \(command("down --orphans")), or put the directory back to keep them")
    }

    /// - Throws: A `Failure` if tasks are running here whose records are gone. Cube would start them a second time, and
    ///   could not stop them by name.
    func requireNoOrphans() throws {
        let orphans = orphans
        guard !orphans.isEmpty else { return }
        let tasks = "\(Count(orphans.count, "task").verb("is", "are")) running from \(path) although the directory"
        guard let moved = orphans.first(where: { $0.place != .removed }) else {
            throw Failure(
                "\(tasks) is gone",
                hint: "stop them with \(command("down --orphans")), or put the directory back to keep them")
        }
        throw Failure(
            "\(tasks) was moved; the directory of the worker is now \(moved.worker)",
            hint:
                "use the moved directory with --data-dir, or move it back; \(command("down --orphans")) stops the tasks"
        )
    }
}

extension FilePath {
    /// Makes a path that the user wrote absolute, without `.` and `..`.
    static func absolute(_ text: String) -> FilePath {
        let path = FilePath(text)
        guard path.isRelative, let buffer = getcwd(nil, 0) else { return path.lexicallyNormalized() }
        defer { free(buffer) }
        return FilePath(String(cString: buffer)).pushing(path).lexicallyNormalized()
    }

    /// The path with all symbolic links resolved; the path itself if it does not exist.
    var resolvingLinks: FilePath {
        guard let buffer = realpath(string, nil) else { return self }
        defer { free(buffer) }
        return FilePath(String(cString: buffer))
    }

    /// Creates a directory and its missing parents, accessible only to this user.
    func makeDirectory(permissions: FilePermissions = .ownerReadWriteExecute) throws {
        do throws(FileError) { try Directory.create(self, permissions: permissions) } catch {
            throw FileProblem(doing: "create the directory", error)
        }
    }
}
