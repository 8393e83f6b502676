import ArgumentParser
import CubeCore
import CubeReconciler
import CubeSystem
import CubeTypes
import FoundationEssentials
import Glibc
import SystemPackage

/// Measures a look at all manifests of a directory in which nothing changed, beside the calls that it cannot do without, and
/// beside `git status` of the same directory.
struct RescanBenchmark {
    var files: Int
    var repetitions: Int

    /// The number of files in each directory.
    private static let filesPerDirectory = 1_000

    /// Figures d.
    func figures() async throws -> [Figure] {
        let git = try MeasuredProgram.path(of: "git")
        let directory = try RunningCube.newDirectory()
        try prepare(directory, git)
        let source = DirectorySource(
            FilePath(directory), files: LocalFileSystem(), watcher: DirectoryWatcher.make(),
            now: { DurableInstant.now().wall })
        try await settle(source)
        var (looks, floors, peers): ([Double], [Double], [Double]) = ([], [], [])
        var busy = 0.0
        for _ in 0..<repetitions {
            floors.append(try Self.list(directory, files: files))
            let before = MeasuredPart.processorSeconds()
            looks.append(try await look(source))
            busy += MeasuredPart.processorSeconds() - before
            peers.append(try Self.git(git, directory, ["status", "--porcelain"]))
        }
        func figure(_ id: String, against: String, _ floor: [Double], atMost limit: Double) -> Figure {
            Figure(
                id: id, name: "rescan without changes, \(files) files", times: looks,
                cores: busy / (looks.reduce(0, +) / 1000), against: against, floor: floor, ratioAtMost: limit)
        }
        return [
            figure("d", against: "readdir, fstatat", floors, atMost: 1.5),
            figure("d1", against: "git status", peers, atMost: 1),
        ]
    }

    /// Creates the manifests, and commits them.
    private func prepare(_ directory: String, _ git: String) throws {
        for number in 0..<files {
            let folder = "\(directory)/group-\(number / Self.filesPerDirectory)"
            if number % Self.filesPerDirectory == 0 {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try FigureBenchmark.write(manifest: number, to: "\(folder)/service-\(number).json")
        }
        _ = try Self.git(git, directory, ["init", "--quiet"])
        _ = try Self.git(git, directory, ["add", "."])
        _ = try Self.git(
            git, directory,
            [
                "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0", "commit", "--quiet",
                "--message", "Manifests",
            ])
        // The first status updates git's index.
        _ = try Self.git(git, directory, ["status", "--porcelain"])
    }

    /// - Returns: The time in milliseconds.
    private static func git(_ git: String, _ directory: String, _ arguments: [String]) throws -> Double {
        let run = try MeasuredProgram(git, ["-C", directory] + arguments)
        guard run.status == 0 else {
            throw ValidationError("git \(arguments.joined(separator: " ")) ended with an error in \(directory)")
        }
        return run.milliseconds
    }

    /// Looks at the files until none of them is due for another read: a file that was read soon after a change is read again.
    private func settle(_ source: DirectorySource) async throws {
        repeat {
            try await Task.sleep(for: .milliseconds(2_100))
            _ = try await look(source)
        } while await source.nextReread != nil
    }

    /// - Returns: The time in milliseconds.
    private func look(_ source: DirectorySource) async throws -> Double {
        let start = ContinuousClock.now
        let snapshot = await source.look(at: .everything)
        let time = (ContinuousClock.now - start) / .milliseconds(1)
        guard let snapshot, snapshot.isComplete, snapshot.files.count == files else {
            throw ValidationError("a look found \(snapshot?.files.count ?? 0) of \(files) files")
        }
        return time
    }

    /// Lists the directories, and asks for the attributes of each file.
    ///
    /// - Returns: The time in milliseconds.
    private static func list(_ directory: String, files: Int) throws -> Double {
        let start = ContinuousClock.now
        let found = try count(in: open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        let time = (ContinuousClock.now - start) / .milliseconds(1)
        guard found == files else { throw ValidationError("\(directory) has \(found) files instead of \(files)") }
        return time
    }

    /// Returns the number of files below a directory, and closes it.
    private static func count(in descriptor: CInt) throws -> Int {
        guard descriptor >= 0, let directory = fdopendir(descriptor) else {
            throw ValidationError("a directory cannot be opened")
        }
        defer { closedir(directory) }
        var found = 0
        while let entry = readdir(directory) {
            try withUnsafePointer(to: &entry.pointee.d_name) { name in
                try name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    guard name[0] != CChar(UInt8(ascii: ".")) else { return }
                    if entry.pointee.d_type == UInt8(DT_DIR) {
                        found += try count(in: openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
                        return
                    }
                    var status = stat()
                    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                        throw ValidationError("a file has no attributes")
                    }
                    found += 1
                }
            }
        }
        return found
    }
}
