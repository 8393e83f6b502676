import CubeErrors
import CubeLinux
import CubeSystem
import Glibc
import SystemPackage

/// A supervisor that was just started, and the standard error that it closes once it supervises the run.
final class Spawned: Sendable {
    let process: ProcessDescriptor
    private let errors: FileDescriptor

    /// - Parameters:
    ///   - input: the standard input of the supervisor; defaults to `/dev/null`.
    ///   - output: the standard output of the supervisor; defaults to `/dev/null`.
    /// - Throws: if the program cannot be executed.
    init(
        _ program: String, _ arguments: [String], input: FileDescriptor? = nil, output: FileDescriptor? = nil
    ) throws {
        var ends: [Int32] = [-1, -1]
        guard cube_pipe(&ends, 0) == 0 else { throw Errno(rawValue: errno) }
        let source = FileDescriptor(rawValue: ends[0])
        let sink = FileDescriptor(rawValue: ends[1])

        // The worker's own environment may contain secrets. The task gets the limit that the worker was started with.
        var spawn = Spawn(
            program, arguments, environment: OpenFileLimit.inherited.map { ["CUBE_OPEN_FILES=\($0)"] } ?? [])
        if let input { spawn.input = .descriptor(input.rawValue) }
        if let output { spawn.output = .descriptor(output.rawValue) }
        spawn.errors = .descriptor(sink.rawValue)
        let started = Result { () throws(Errno) in try spawn.start() }
        try sink.close()
        do {
            // A child keeps its process id until it is waited for.
            let id: pid_t
            do throws(Errno) { id = try started.get() } catch {
                throw APIError(.unavailable, "cannot execute \(program): \(error)")
            }
            guard let process = try ProcessDescriptor(id) else {
                throw APIError(.unavailable, "cannot execute \(program): it ended at once")
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
