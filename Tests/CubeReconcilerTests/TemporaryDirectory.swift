import CubeCore
import CubeReconciler
import CubeSystem
import Foundation
import SystemPackage

/// A directory that is removed with the test.
final class TemporaryDirectory: Sendable {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "cube-\(UUID().uuidString.lowercased())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        // With links resolved, as in the paths that a source reports.
        path = FilePath(url.resolvingSymlinksInPath().path)
    }

    // The directory is in the system's temporary directory, so leftovers do no harm.
    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    /// Writes a file in place, and creates its directories as needed.
    func write(_ text: String, to name: String) throws {
        let file = path.appending(name)
        try makeDirectory(FilePath(name).removingLastComponent().string)
        guard let handle = fopen(file.string, "w") else { throw Errno(rawValue: errno) }
        fputs(text, handle)
        fclose(handle)
    }

    /// Writes a file in place, in an existing directory. Its name need not be text.
    func write(_ text: String, to name: BytePath) throws {
        guard let handle = path.appending(name).withPlatformString({ fopen($0, "w") }) else {
            throw Errno(rawValue: errno)
        }
        fputs(text, handle)
        fclose(handle)
    }

    func remove(_ name: BytePath) throws {
        guard path.appending(name).withPlatformString({ unlink($0) }) == 0 else { throw Errno(rawValue: errno) }
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path.appending(name).string, withIntermediateDirectories: true)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path.appending(name).string, withDestinationPath: target)
    }

    /// Moves a file and replaces an existing one, like `rename(2)`.
    func move(_ name: String, to other: String) throws {
        guard rename(path.appending(name).string, path.appending(other).string) == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path.appending(name).string) }

    // A missing file has no text.
    func text(of name: String) -> String? { try? String(contentsOfFile: path.appending(name).string, encoding: .utf8) }
}

/// A manifest of a service.
func manifest(_ name: String, _ argument: String = "1", more: String = "") -> String {
    #"{"name": "\#(name)", "command": ["sleep", "\#(argument)"]\#(more)}"#
}
