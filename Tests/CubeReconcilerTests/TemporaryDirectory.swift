import CubeCore
import CubeReconciler
import Foundation
import SystemPackage

/// A directory that goes with the test.
final class TemporaryDirectory: Sendable {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "cube-\(UUID().uuidString.lowercased())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        // Without a link, as the paths that a source reports.
        path = FilePath(url.resolvingSymlinksInPath().path)
    }

    // It is under the system's own temporary directory: what cannot be removed goes with that.
    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    /// Writes in place, making directories as needed.
    func write(_ text: String, to name: String) throws {
        let file = path.appending(name)
        try makeDirectory(FilePath(name).removingLastComponent().string)
        guard let handle = fopen(file.string, "w") else { throw Errno(rawValue: errno) }
        fputs(text, handle)
        fclose(handle)
    }

    /// Writes in place a file whose name need not be text, in a directory that is there.
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

    /// As `rename(2)`: takes the place of what is there.
    func move(_ name: String, to other: String) throws {
        guard rename(path.appending(name).string, path.appending(other).string) == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path.appending(name).string) }

    // A file that is not there has no text.
    func text(of name: String) -> String? { try? String(contentsOfFile: path.appending(name).string, encoding: .utf8) }
}

/// A manifest of a service.
func manifest(_ name: String, _ argument: String = "1", more: String = "") -> String {
    #"{"name": "\#(name)", "command": ["sleep", "\#(argument)"]\#(more)}"#
}
