import CubeErrors
import FoundationEssentials
import Glibc
import Testing

@testable import CubeServer

/// Files of secrets that a person names, or that stand in the data directory: what is no regular file blocks nobody.
@Suite(.timeLimit(.minutes(1))) struct SecretFileTests {
    private func refusal(_ make: (String) -> Void) throws -> String? {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-secret-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }  // Left to the system where it fails.
        let path = directory.appending(path: "file").path
        make(path)
        do throws(APIError) {
            _ = try SecretFile.read(path)
            return nil
        } catch {
            return error.message.replacing(path, with: "FILE")
        }
    }

    @Test func `a pipe, a link and what others may read are refused`() throws {
        #expect(
            try refusal { mkfifo($0, 0o600) } == "cannot read FILE: it is a named pipe, not a regular file")
        #expect(
            try refusal { symlink("/dev/zero", $0) } == "cannot read FILE: it is a symbolic link, not a regular file")
        #expect(
            try refusal { close(open($0, O_CREAT | O_WRONLY, 0o644)) } == "FILE: others may read it; run chmod 600 FILE"
        )
        #expect(try refusal { _ in } == nil)
        let long = String(repeating: "x", count: 32)
        #expect(
            try refusal { path in
                let file = open(path, O_CREAT | O_WRONLY, 0o600)
                long.withCString { _ = write(file, $0, 32) }
                close(file)
            } == nil)
    }
}
