import Foundation
import SystemPackage

@testable import CubeReconciler

/// A working tree and the bare repository that it pushes to, created with the real git.
final class TestRepository: Sendable {
    let directory: TemporaryDirectory
    var remote: FilePath { directory.path.appending("remote.git") }
    var work: FilePath { directory.path.appending("work") }

    /// Ignores the user's settings.
    static let environment = [
        "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.test",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.test",
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    ]

    init() throws {
        directory = try TemporaryDirectory()
        try run(["init", "--quiet", "--bare", "--initial-branch=main", remote.string])
        try run(["init", "--quiet", "--initial-branch=main", work.string])
        try git("remote", "add", "origin", remote.string)
    }

    /// Runs git in the working tree.
    @discardableResult
    func git(_ arguments: String...) throws -> String { try run(["-C", work.string] + arguments) }

    func write(_ text: String, to name: String) throws { try directory.write(text, to: "work/\(name)") }

    func remove(_ name: String) throws { try directory.remove("work/\(name)") }

    /// Commits all changes.
    ///
    /// - Returns: The id of the commit.
    @discardableResult
    func commit(_ message: String = "change") throws -> String {
        try git("add", "--all")
        try git("commit", "--quiet", "--allow-empty", "-m", message)
        return try git("rev-parse", "HEAD")
    }

    @discardableResult
    func run(_ arguments: [String], input: String = "/dev/null") throws -> String {
        let process = Process()
        process.standardInput = FileHandle(forReadingAtPath: input)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git", "-c", "gc.auto=0"] + arguments
        process.environment = Self.environment
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw GitFailed(arguments: arguments, text: String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    struct GitFailed: Error {
        var arguments: [String]
        var text: String
    }
}
