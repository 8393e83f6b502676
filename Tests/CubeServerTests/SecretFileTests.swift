import CubeErrors
import FoundationEssentials
import Glibc
import Testing

@testable import CubeServer

/// Tests secret files that are named by the user or are in the data directory. Special files must not block the reader.
@Suite(.timeLimit(.minutes(1))) struct SecretFileTests {
    private enum Reading: Equatable {
        /// The first line of the file; `nil` where there is no file.
        case secret(String?)
        /// The message, with FILE instead of the path.
        case refused(String)
    }

    /// Reads a file that a test creates.
    private func reading(_ make: (String) -> Void) throws -> Reading {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-secret-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }  // A leftover does no harm.
        let path = directory.appending(path: "file").path
        make(path)
        do throws(APIError) {
            return .secret(try SecretFile.read(path))
        } catch {
            return .refused(error.message.replacing(path, with: "FILE"))
        }
    }

    @Test func `a pipe, a link and a file that other users can access are refused`() throws {
        #expect(
            try reading { mkfifo($0, 0o600) }
                == .refused("cannot read FILE: it is a named pipe, not a regular file"))
        #expect(
            try reading { symlink("/dev/zero", $0) }
                == .refused("cannot read FILE: it is a symbolic link, not a regular file"))
        #expect(
            try reading { close(open($0, O_CREAT | O_WRONLY, 0o644)) }
                == .refused("FILE is accessible to other users; run `chmod 600 FILE`"))
    }

    @Test func `the secret is the first line of its file, and a missing file has none`() throws {
        #expect(try reading { _ in } == .secret(nil))
        let secret = String(repeating: "x", count: 32)
        #expect(
            try reading { path in
                let file = open(path, O_CREAT | O_WRONLY, 0o600)
                let text = "\(secret)\nsecond line\n"
                _ = text.withCString { write(file, $0, text.utf8.count) }
                close(file)
            } == .secret(secret))
    }
}
