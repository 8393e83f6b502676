import ArgumentParser
import CubeImport
import CubeSystem
import FoundationEssentials
import SystemPackage
import Testing

@testable import cube

/// What `cube import` writes, and with which exit code it ends.
@Suite(.timeLimit(.minutes(1))) struct ImportTests {
    private static func with(_ body: (_ directory: FilePath) throws -> Void) throws {
        let directory = FilePath(FileManager.default.temporaryDirectory.appending(path: "cube-import-\(UUID())").path)
        try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory.string) }  // A leftover does no harm.
        try body(directory)
    }

    /// Imports a service in a directory, and returns the exit code.
    private static func code(_ service: String, in directory: FilePath, _ arguments: String...) throws -> Int32 {
        let file = directory.appending("compose.yaml").string
        try Data("services:\n  web: {image: x, restart: always, \(service)}\n".utf8).write(to: URL(filePath: file))
        let request = ComposeRequest(files: [file], workingDirectory: directory.string)
        let manifests = ["--manifests", directory.appending("manifests").string]
        let options = try ImportOptions.parse(manifests + arguments)
        do { try options.write(Import.compose(request, read: FileContent.read)) } catch let code as ExitCode {
            return code.rawValue
        }
        return 0
    }

    private static func text(_ path: String, in directory: FilePath) throws -> String {
        try String(contentsOf: URL(filePath: directory.appending(path).string), encoding: .utf8)
    }

    @Test func `the exit code says whether the manifests express everything`() throws {
        try Self.with { (directory) throws in
            #expect(try Self.code("command: a", in: directory) == 0)
            #expect(try Self.code("hostname: a", in: directory, "--force") == 1)
            #expect(try Self.code("restart: a", in: directory, "--force") == 2)
            #expect(try Self.text("manifests/web.json", in: directory).contains(#""name": "web""#))
        }
    }

    @Test func `an existing manifest is only overwritten with --force`() throws {
        try Self.with { (directory) throws in
            #expect(try Self.code("command: a", in: directory) == 0)
            #expect(throws: Failure.self) { try Self.code("command: b", in: directory) }
            #expect(try Self.text("manifests/web.json", in: directory).contains(#""command": ["a"]"#))
            #expect(try Self.code("command: b", in: directory, "--force") == 0)
            #expect(try Self.text("manifests/web.json", in: directory).contains(#""command": ["b"]"#))
        }
    }

    @Test(arguments: ["--dry-run", "invalid"])
    func `a dry run and an invalid file write nothing`(cause: String) throws {
        try Self.with { (directory) throws in
            let isDry = cause == "--dry-run"
            let code =
                isDry ? try Self.code("command: a", in: directory, cause) : try Self.code("comand: a", in: directory)
            #expect(code == (isDry ? 0 : 2))
            #expect(!directory.appending("manifests").exists)
        }
    }

    @Test func `a file that is mounted read-only is copied with its permission to execute`() throws {
        try Self.with { (directory) throws in
            let script = directory.appending("run.sh").string
            try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: script))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
            #expect(try Self.code("volumes: ['./run.sh:/run.sh:ro']", in: directory) == 0)
            #expect(try Self.text("manifests/.files/web/run.sh", in: directory) == "#!/bin/sh\n")
            #expect(try Self.text("manifests/web.json", in: directory).contains(#""mode": "0555""#))
        }
    }

    @Test func `a file that others may not read is not copied`() throws {
        try Self.with { (directory) throws in
            for name in ["key", "a.env"] {
                let path = directory.appending(name).string
                try Data("A=b\n".utf8).write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            }
            #expect(try Self.code("volumes: ['./key:/key:ro'], env_file: a.env", in: directory) == 0)
            #expect(!directory.appending("manifests/.files").exists)
            let manifest = try Self.text("manifests/web.json", in: directory)
            #expect(manifest.contains(#""env_from": ["secret:web.env"]"#))
            #expect(manifest.contains("\(directory)/key"))
        }
    }
}
