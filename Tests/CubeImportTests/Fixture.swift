import CubeCore
import CubeImport
import CubeJSON
import CubeTypes
import Foundation
import Testing

/// A directory in `Compose` with Compose files, and the text that their import gives; `CUBE_RECORD=1` writes the text anew.
struct Fixture: CustomTestStringConvertible {
    let name: String

    static let all = [
        "shop", "blog", "monitoring", "forge", "vpn", "media", "extends", "worker", "swarm", "errors",
    ].map(Fixture.init)

    var testDescription: String { name }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Compose")

    private var directory: URL { Self.root.appending(path: name) }

    /// Imports the files, with paths as if the directory were `/project`.
    func imported(profiles: Set<String> = []) throws -> Import {
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        let base = files.filter { $0.hasSuffix("compose.yaml") || $0.hasSuffix("compose.yml") }
        let overriding = files.filter { $0.hasSuffix(".override.yaml") }
        let request = ComposeRequest(
            files: (base + overriding).map { "/project/\($0)" },
            environment: ["HOME": "/home/me", "SMTP_PASSWORD": "hidden"], profiles: profiles,
            workingDirectory: "/project")
        return Import.compose(request) { path in
            guard path.hasPrefix("/project/") else {
                return path.hasPrefix("/etc/") ? .file(Array("\(path)\n".utf8), isExecutable: false) : .directory
            }
            let file = directory.path + path.dropFirst("/project".count)
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory) else { return .missing }
            if isDirectory.boolValue { return .directory }
            guard let data = FileManager.default.contents(atPath: file) else { return .unreadable("no permission") }
            return .file(Array(data), isExecutable: FileManager.default.isExecutableFile(atPath: file))
        }
    }

    func compare(_ text: String) throws {
        let file = directory.appending(path: "expected.txt")
        if ProcessInfo.processInfo.environment["CUBE_RECORD"] != nil { try Data(text.utf8).write(to: file) }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
}

extension Import {
    /// All that an import gives, as one text.
    var text: String {
        var text = manifests.map { "=== \($0.fileName)\n\($0.text)" }.joined()
        for file in files {
            text +=
                "=== \(file.path)\(file.isExecutable ? " (executable)" : "")\n\(String(decoding: file.bytes, as: UTF8.self))"
        }
        text += "=== Notes\n"
        text += notes.map { "\($0.text)\n" }.joined()
        return text + workerOptions.map { "worker: \($0)\n" }.joined()
    }
}

extension Import.Manifest {
    /// The problems that `cube up` would have with the manifest.
    func problems(beside files: [Import.File]) -> [String] {
        let contents = Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.bytes) })
        let decoded = ManifestDecoder.decode(Array(text.utf8), file: fileName) { path in
            contents[path].map { .content($0) } ?? .unreadable("the import has no such file")
        }
        let names = decoded.workloads.map(\.name.rawValue)
        let mismatch = decoded.diagnostics.isEmpty && names != [name] ? ["it declares \(names)"] : []
        return decoded.diagnostics.filter { $0.severity == .error }.map(\.message) + mismatch
    }
}

extension ImportNote {
    var text: String {
        let key = key.map { " \($0):" } ?? ""
        return
            "\(place.file.name):\(place.line):\(place.column) \(level.rawValue) \(reason) [\(service ?? "-")]\(key) \(message)"
    }
}
