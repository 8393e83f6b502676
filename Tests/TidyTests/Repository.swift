import Foundation

/// The repository that these tests stand in, as files.
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

    /// The names in a directory, sorted.
    func entries(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(path)").sorted()
    }

    /// The files and directories at the top that git tracks, sorted. What else lies in a checkout is its owner's business.
    func trackedEntries() throws -> [String] {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        // Another user may own the checkout; listing names runs none of its hooks.
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

    /// The paths of all files below a directory with one of these endings, sorted.
    func files(below directory: String, endings: Set<Substring>) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(directory)").sorted()
            .filter { path in path.split(separator: ".").last.map(endings.contains) ?? false }
            .map { "\(directory)/\($0)" }
    }

    /// The Swift files of a target.
    func sources(of wall: Wall) throws -> [SwiftFile] {
        try files(below: wall.directory, endings: ["swift"]).map { try SwiftFile(path: $0, text: text($0)) }
    }

    /// Every file and folder that documents may name, from the root.
    func paths() throws -> Set<String> {
        let folders = ["Sources", "Tests", "examples", ".ci", ".github"]
        let below = try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").map { "\(folder)/\($0)" }
        }
        // What a build left in the package of an example is not the repository's.
        return Set(below.filter { !$0.contains("/.build/") } + folders + ["README.md", "Package.swift"])
    }
}
