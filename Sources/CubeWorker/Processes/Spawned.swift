import CubeErrors
import CubeLinux
import Glibc
import SystemPackage

/// A supervisor that was just started, and the standard error that it closes once it supervises the run.
final class Spawned: Sendable {
    let process: ProcessDescriptor
    private let errors: FileDescriptor

    /// - Parameter input: the standard input of the supervisor; defaults to `/dev/null`.
    /// - Throws: if the program cannot be executed.
    init(_ program: String, _ arguments: [String], input: FileDescriptor? = nil) throws {
        var ends: [Int32] = [-1, -1]
        guard cube_pipe(&ends, 0) == 0 else { throw Errno(rawValue: errno) }
        let source = FileDescriptor(rawValue: ends[0])
        let sink = FileDescriptor(rawValue: ends[1])

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input.rawValue, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, sink.rawValue, 2)

        // The environment is empty because the worker's may contain secrets. The task gets the worker's original open
        // file limit.
        var environment = [OpenFileLimit.inherited.map { strdup("CUBE_OPEN_FILES=\($0)") } ?? nil, nil]
        var arguments = ([program] + arguments).map { strdup($0) } + [nil]
        defer { (arguments + environment).forEach { free($0) } }
        var id: pid_t = 0
        let failure = posix_spawn(&id, program, &actions, nil, &arguments, &environment)
        try sink.close()
        do {
            // A child keeps its ID until it is waited for, so the descriptor refers to the child.
            guard failure == 0, let process = try ProcessDescriptor(id) else {
                throw APIError(.unavailable, "cannot execute \(program): \(Errno(rawValue: failure))")
            }
            self.process = process
        } catch {
            try source.close()
            throw error
        }
        errors = source
    }

    // The descriptor is read only, so a failing `close` loses no data.
    deinit { try? errors.close() }

    /// Waits until the supervisor has taken over the run, or has failed and exited.
    ///
    /// - Returns: the standard error of the supervisor: an error message, or the result of a check; empty if the run has
    ///   started.
    func errorOutput() async throws -> String {
        var words: [UInt8] = []
        while true {
            try await Readiness.shared.wait(for: errors.rawValue)
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = try chunk.withUnsafeMutableBytes { try errors.read(into: $0) }
            if count == 0 { break }
            words += chunk[..<count]
        }
        if !words.isEmpty { try await process.end() }
        return String(decoding: words, as: UTF8.self)
    }
}
