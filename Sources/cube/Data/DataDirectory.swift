import CubeErrors
import CubeTypes
import CubeWorker
import Glibc
import SystemPackage

/// The directory that holds all that Cube writes, and where in it each part writes.
struct DataDirectory: Sendable, Hashable {
    let path: FilePath

    var manager: FilePath { path.appending("manager") }
    var reconciler: FilePath { path.appending("reconciler") }
    var run: FilePath { path.appending("run") }
    var tokens: FilePath { path.appending("tokens") }
    /// What tasks of this machine get as `secret:NAME`.
    var secrets: FilePath { path.appending("secrets") }
    var status: FilePath { path.appending("status") }
    var drift: FilePath { path.appending("drift") }
    /// There while `cube down` is about to stop the tasks that `cube up` leaves.
    var stopping: FilePath { run.appending("stopping") }

    func worker(_ name: NodeName) -> FilePath { path.appending("worker").appending(name.rawValue) }

    /// The workers that there have been, by name.
    var workers: [NodeName] {
        DirectoryEntries.names(in: path.appending("worker")).compactMap(NodeName.init(rawValue:)).sorted()
    }

    /// Makes the directory, which ignores itself in git.
    func prepare() throws {
        try path.makeDirectory()
        let ignore = path.appending(".gitignore")
        if !ignore.exists { try AtomicFile.write(Array("*\n".utf8), to: ignore, mode: 0o644) }
    }

    /// The supervisors of tasks that were started below this directory, however it was named then.
    var supervisors: [SupervisorProcess] {
        let (named, real) = (path, path.resolvingLinks)
        return SupervisorProcess.all().filter { supervisor in
            [supervisor.directory, supervisor.directory.resolvingLinks].contains {
                $0.starts(with: named) || $0.starts(with: real)
            }
        }
    }

    /// The worker of a name, or the only one of this directory.
    ///
    /// - Throws: where there is none, or no name says which one.
    func worker(named name: NodeName?) throws -> NodeName {
        let names = workers.map(\.rawValue).joined(separator: ", ")
        guard let first = workers.first else {
            throw Failure("no worker has been on \(path)", hint: "--data-dir names another directory")
        }
        if let name {
            guard workers.contains(name) else {
                throw Failure("no worker \(name) has been on \(path)", hint: "--name names one of \(names)")
            }
            return name
        }
        guard workers.count == 1 else {
            throw Failure("several workers have been on \(path): \(names)", hint: "--name says which one")
        }
        return first
    }

    /// - Throws: where tasks run here whose records are gone: they would run twice, and nobody could stop them by name.
    func requireNoOrphans() throws {
        let orphans = supervisors.filter(\.isOrphan)
        guard orphans.isEmpty else {
            throw Failure(
                "\(Count(orphans.count, "task")) of \(path) run though their directory is gone",
                hint: "`cube down --orphans` stops them; put the directory back to keep them")
        }
    }
}

extension FilePath {
    /// A path as the user wrote it, made absolute and without `.` and `..`.
    static func absolute(_ text: String) -> FilePath {
        let path = FilePath(text)
        guard path.isRelative, let buffer = getcwd(nil, 0) else { return path.lexicallyNormalized() }
        defer { free(buffer) }
        return FilePath(String(cString: buffer)).pushing(path).lexicallyNormalized()
    }

    /// Where it really is; itself where nothing is there.
    var resolvingLinks: FilePath {
        guard let buffer = realpath(string, nil) else { return self }
        defer { free(buffer) }
        return FilePath(String(cString: buffer))
    }

    var exists: Bool { access(string, F_OK) == 0 }

    /// Makes a directory and those above it, with rights for its user alone where they are new.
    func makeDirectory() throws {
        if mkdir(string, 0o700) == 0 || errno == EEXIST { return }
        let problem = errno
        guard problem == ENOENT, !removingLastComponent().isEmpty else {
            throw FileProblem(path: self, doing: "make the directory", errno: problem)
        }
        try removingLastComponent().makeDirectory()
        guard mkdir(string, 0o700) == 0 || errno == EEXIST else {
            throw FileProblem(path: self, doing: "make the directory", errno: errno)
        }
    }
}

/// What the system said about a file.
struct FileProblem: Error, CustomStringConvertible {
    let path: FilePath
    let doing: String
    let errno: Int32

    /// Whether there is no room on the disk, or none for this user.
    var isFullDisk: Bool { errno == ENOSPC || errno == EDQUOT }

    var description: String { "cannot \(doing) \(path): \(String(cString: strerror(errno)))" }
}
