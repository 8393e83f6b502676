import Foundation

/// The files of the repository that contains these tests.
struct Repository {
    let root: String

    static let own = Repository(
        root: String(#filePath.dropLast("/Tests/TidyTests/Repository.swift".count)))

    func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(filePath: "\(root)/\(path)")))
    }

    /// Returns the names in a directory, sorted.
    func entries(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(path)").sorted()
    }

    /// Returns the top-level files and directories that git tracks, sorted. Untracked files in a checkout are not checked.
    func trackedEntries() throws -> [String] {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        // The checkout may belong to another user. That is safe, as listing names runs no hooks.
        git.arguments = ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"]
        let output = Pipe()
        git.standardOutput = output
        try git.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { throw CocoaError(.fileReadUnknown) }
        let paths = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    }

    /// Returns the paths of all files below a directory that have one of the given endings, sorted.
    func files(below directory: String, endings: Set<Substring>) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(directory)").sorted()
            .filter { path in path.split(separator: ".").last.map(endings.contains) ?? false }
            .map { "\(directory)/\($0)" }
    }

    /// Returns the Swift files of a target.
    func sources(of wall: Wall) throws -> [SwiftFile] {
        try files(below: wall.directory, endings: ["swift"]).map { try SwiftFile(path: $0, text: text($0)) }
    }

    /// Returns every file and folder that documents may name, as paths from the root.
    func paths() throws -> Set<String> {
        let folders = ["Sources", "Tests", "examples", ".ci", ".github"]
        let below = try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").map { "\(folder)/\($0)" }
        }
        // Build output in the package of an example is not part of the repository.
        return Set(below.filter { !$0.contains("/.build/") } + folders + ["README.md", "Package.swift"])
    }
}
