import Foundation
import Testing

/// A wall clock that a test moves.
struct MovedClock {
    private let file: URL
    /// The command prefix that runs a program on this clock.
    let prefix: [String]

    init(in directory: URL) throws {
        file = directory.appending(path: "clock")
        let library = directory.appending(path: "wall-clock.so")
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Scenarios/clock/wall-clock.c")
        prefix = ["env", "LD_PRELOAD=\(library.path)", "WALL_CLOCK_OFFSET=\(file.path)"]
        try Self.write(0, to: file)
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["clang", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library.path, source.path]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0, "clang, which comes with Swift, makes the library")
    }

    func move(by seconds: Int) throws {
        // Written in place, because the programs have mapped this very file.
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }  // Everything has been written by then.
        try handle.write(contentsOf: Self.bytes(seconds))
    }

    private static func write(_ seconds: Int, to file: URL) throws { try bytes(seconds).write(to: file) }

    private static func bytes(_ seconds: Int) -> Data { withUnsafeBytes(of: Int64(seconds)) { Data($0) } }
}
