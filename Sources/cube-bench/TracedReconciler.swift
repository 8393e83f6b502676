import ArgumentParser
import CubeSystem
import FoundationEssentials
import Glibc

/// `cube reconcile` on a directory of suspended manifests, beside a manager without workers. `strace` records its system calls.
///
/// `strace` is the parent of the program, because attaching to a program that runs is not permitted everywhere.
final class TracedReconciler {
    private let directory: String
    private let manager: RunningManager
    private let tracer: pid_t
    private let process: pid_t

    /// Starts the reconciler and waits until it has written the status of every manifest and rests.
    init(manifests count: Int) async throws {
        let strace = try MeasuredProgram.path(of: "strace")
        let directory = try RunningCube.newDirectory()
        let manifests = "\(directory)/manifests"
        try FileManager.default.createDirectory(atPath: manifests, withIntermediateDirectories: true)
        for number in 0..<count {
            try FigureBenchmark.write(manifest: number, to: "\(manifests)/\(Self.file(number))")
        }
        let manager = try await RunningManager(in: directory)
        let log = open("\(directory)/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        var spawn = Spawn(
            strace,
            [
                "--follow-forks", "--string-limit=256", "--output", Self.trace(in: directory),
                try RunningCube.program("cube"), "reconcile", "--manager", "http://127.0.0.1:\(manager.port)",
                "--token-file", "\(directory)/data/tokens/write", "--manifests", manifests,
                "--data-dir", "\(directory)/reconciler",
            ],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(directory)"])
        spawn.isApart = true
        (spawn.output, spawn.errors) = (.descriptor(log), .descriptor(log))
        let tracer: pid_t
        do { tracer = try spawn.start() } catch {
            manager.end()
            throw error
        }
        let process: pid_t
        do {
            // The files are written in the order of their names.
            let last = Self.status(of: (0..<count).map(Self.file).max() ?? "", in: directory)
            try await RunningCube.wait(for: "the status of \(last)", in: directory, atMost: .seconds(900)) {
                guard waitpid(tracer, nil, WNOHANG) == 0 else {
                    throw ValidationError("strace or cube reconcile ended; see \(directory)/log")
                }
                return access(last, R_OK) == 0
            }
            let line = try Self.recorded(in: directory, from: 0, atMost: 64).prefix { $0 != " " }
            guard let number = pid_t(line) else {
                throw ValidationError("\(Self.trace(in: directory)) names no process")
            }
            process = number
        } catch {
            // Its group, as the reconciler would outlive strace.
            kill(-tracer, SIGKILL)
            waitpid(tracer, nil, 0)
            manager.end()
            throw error
        }
        (self.directory, self.manager, self.tracer, self.process) = (directory, manager, tracer, process)
        do { try await settle() } catch {
            end()
            throw error
        }
    }

    /// Replaces a manifest, and waits until its status is written and the reconciler rests.
    func pass(replacing number: Int, version: Int) async throws -> (calls: TracedCalls, seconds: Double, busy: Double) {
        let status = Self.status(of: Self.file(number), in: directory)
        let (former, new) = (Self.inode(of: status), "\(directory)/new")
        let text = String(decoding: FigureBenchmark.manifest(number), as: UTF8.self)
            .replacing("\"info\"", with: "\"info-\(version)\"")
        try Data(text.utf8).write(to: URL(filePath: new))
        try await rest()
        let (offset, busy) = (Self.traceLength(in: directory), try ProcessUsage(of: Int(process)).processorSeconds)
        let start = ContinuousClock.now
        guard rename(new, "\(directory)/manifests/\(Self.file(number))") == 0 else {
            throw ValidationError("cannot rename \(new)")
        }
        // A change waits for a rescan, which takes a while under strace.
        try await RunningCube.wait(for: "another \(status)", in: directory, atMost: .seconds(300)) {
            Self.inode(of: status) != former
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try await rest()
        let lines = try Self.recorded(in: directory, from: offset)
        return (
            TracedCalls(in: lines), seconds, try ProcessUsage(of: Int(process)).processorSeconds - busy
        )
    }

    /// Waits until the second look at files that were read soon after their change is over.
    func settle() async throws { try await Task.sleep(for: .milliseconds(2_500)) }

    func end() {
        kill(process, SIGTERM)
        waitpid(tracer, nil, 0)
        manager.end()
    }

    /// Waits until the reconciler makes no call on files for a while. It makes other calls whenever something happens in a directory
    /// above that of the manifests, which other programs may use.
    private func rest() async throws {
        var (offset, since) = (Self.traceLength(in: directory), ContinuousClock.now)
        while ContinuousClock.now - since < .milliseconds(200) {
            try await Task.sleep(for: .milliseconds(10))
            let lines = try Self.recorded(in: directory, from: offset)
            if TracedCalls(in: lines).files > 0 { since = .now }
            offset += lines.utf8.count
        }
    }

    private static func file(_ number: Int) -> String { "service-\(number).json" }

    private static func trace(in directory: String) -> String { "\(directory)/trace" }

    private static func status(of file: String, in directory: String) -> String {
        "\(directory)/reconciler/status/workloads/\(file)"
    }

    private static func inode(of path: String) -> ino_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_ino : nil
    }

    private static func traceLength(in directory: String) -> Int {
        var status = stat()
        return stat(trace(in: directory), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Returns what the trace contains after an offset. The trace of a start is long, so it is not read as a whole.
    private static func recorded(in directory: String, from offset: Int, atMost limit: Int = .max) throws -> String {
        let file = open(trace(in: directory), O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        guard file >= 0, lseek(file, offset, SEEK_SET) == offset else {
            throw ValidationError("cannot read \(trace(in: directory))")
        }
        var (bytes, buffer): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 1 << 16))
        while bytes.count < limit {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes.prefix(limit), as: UTF8.self)
    }
}

/// The system calls in a part of a trace.
struct TracedCalls {
    /// The number of calls, without those for memory, which depend on sizes and on the allocator.
    private(set) var all = 0
    /// The number of calls that name a file or ask for its attributes. Unlike the others, they do not depend on how the threads
    /// take turns.
    private(set) var files = 0
    /// The number of manifests that were opened to be read.
    private(set) var manifests = 0

    private static let memory: Set<Substring> = ["mprotect", "mmap", "mremap", "munmap", "madvise", "brk"]
    private static let file: Set<Substring> = [
        "access", "faccessat", "faccessat2", "fstat", "fstatfs", "getdents64", "inotify_add_watch", "inotify_rm_watch",
        "lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "openat2", "readlink", "readlinkat", "rename",
        "renameat", "renameat2", "stat", "statfs", "statx", "unlink", "unlinkat",
    ]

    /// - Parameter trace: Lines of a process ID and a call. A call that strace split into two lines counts once.
    init(in trace: String) {
        for line in trace.split(separator: "\n") {
            let call = line.drop { $0 != " " }.drop { $0 == " " }
            guard let first = call.first, first.isLetter, !Self.memory.contains(call.prefix { $0 != "(" }) else {
                continue
            }
            let name = call.prefix { $0 != "(" }
            all += 1
            if Self.file.contains(name) { files += 1 }
            // The reconciler opens manifests relative to their directory, and its own files by their paths.
            let path = call.drop { $0 != "\"" }.dropFirst().prefix { $0 != "\"" }
            if name.hasPrefix("open"), path.hasSuffix(".json"), !path.hasPrefix("/"), !call.contains("O_PATH") {
                manifests += 1
            }
        }
    }
}
