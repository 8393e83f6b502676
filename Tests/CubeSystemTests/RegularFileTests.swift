import CubeLinux
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeSystem

/// A temporary directory, which is removed at the end of the test.
final class Scratch: Sendable {
    let path: FilePath

    init() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-system-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = FilePath(directory.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }  // A leftover in /tmp is harmless.

    func write(_ name: String, _ text: String) throws -> FilePath {
        try text.write(toFile: path.appending(name).string, atomically: false, encoding: .utf8)
        return path.appending(name)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct RegularFileTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `a file is read as a whole`() throws {
        let file = try scratch.write("a", "text")
        #expect(try RegularFile.read(file, limit: 4) == Array("text".utf8))
    }

    @Test func `reading a missing file returns nil`() throws {
        let file = try scratch.write("a", "text")
        #expect(try RegularFile.read(scratch.path.appending("none"), limit: 4) == nil)
        #expect(try RegularFile.read(file.appending("below"), limit: 4) == nil)
        symlink("nowhere", scratch.path.appending("dangling").string)
        #expect(try RegularFile.read(scratch.path.appending("dangling"), limit: 4) == nil)
    }

    /// Returns the message of the error that reading a file throws.
    private func refusal(_ path: FilePath, limit: Int = 1024, links: RegularFile.Links = .follow) -> String? {
        do throws(FileError) {
            _ = try RegularFile.read(path, limit: limit, links: links)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `only a regular file is read`() throws {
        let pipe = scratch.path.appending("pipe")
        #expect(mkfifo(pipe.string, 0o600) == 0)
        // The pipe has no writer, so an ordinary `open` would block forever.
        #expect(refusal(pipe) == "\(pipe): it is a named pipe, not a regular file")
        #expect(refusal(scratch.path) == "\(scratch.path): it is a directory, not a regular file")
        #expect(refusal("/dev/zero") == "/dev/zero: it is a device, not a regular file")
        let zero = scratch.path.appending("zero")
        symlink("/dev/zero", zero.string)
        #expect(refusal(zero) == "\(zero): it is a device, not a regular file")
    }

    @Test func `a socket is not read`() throws {
        let path = scratch.path.appending("socket")
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.string.utf8) }
        let socket = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        #expect(refusal(path) == "\(path): it is a socket, not a regular file")
    }

    @Test func `a cycle of links is an error`() {
        let (first, second) = (scratch.path.appending("first"), scratch.path.appending("second"))
        symlink("second", first.string)
        symlink("first", second.string)
        #expect(refusal(first) == "\(first): \(Errno.tooManySymbolicLinkLevels)")
    }

    @Test func `a symbolic link is refused if the caller does not follow links`() throws {
        _ = try scratch.write("a", "text")
        let link = scratch.path.appending("link")
        symlink("a", link.string)
        #expect(refusal(link) == nil)
        #expect(refusal(link, links: .refuse) == "\(link): it is a symbolic link, not a regular file")
    }

    @Test func `the size is checked before anything is read`() throws {
        let file = try scratch.write("large", "")
        // A sparse file: a terabyte that takes no disk space and would not fit into memory.
        #expect(truncate(file.string, 1 << 40) == 0)
        #expect(refusal(file, limit: 1 << 20) == "\(file): it is larger than 1 MiB")
        #expect(refusal(file, limit: 1000) == "\(file): it is larger than 1000 bytes")
    }

    @Test func `a file that grows while it is read is too large`() throws {
        let path = try scratch.write("growing", "1234")
        guard let file = try RegularFile.open(path) else { throw Errno.noSuchFileOrDirectory }
        #expect(try file.status().st_size == 4)
        let writer = try FileDescriptor.open(path, .writeOnly, options: .append)
        defer { close(writer.rawValue) }
        try writer.writeAll("56789".utf8)
        // `fstat` already reports nine bytes. If a file grows only after that, the limit of the read applies.
        let error = FileError(path: path.string, cause: .tooLarge(limit: 8))
        do throws(FileError) {
            _ = try file.bytes(limit: 8)
            Issue.record("a file of nine bytes was read with a limit of eight")
        } catch let refusal {
            #expect(refusal == error)
        }
        #expect(try file.prefix(8) == Array("12345678".utf8))
    }

    @Test func `a file that reports no size is read up to the limit`() throws {
        let status = FilePath("/proc/self/status")
        #expect(try RegularFile.read(status, limit: 1 << 20)?.isEmpty == false)
        #expect(refusal(status, limit: 16) == "\(status): it is larger than 16 bytes")
    }

    @Test func `no path below a directory leads out of it`() throws {
        mkdir(scratch.path.appending("root").string, 0o700)
        _ = try scratch.write("root/inside", "inside")
        _ = try scratch.write("outside", "outside")
        symlink("../outside", scratch.path.appending("root/link").string)
        let root = try FileDescriptor.open(scratch.path.appending("root"), .readOnly, options: .directory)
        defer { close(root.rawValue) }

        guard let inside = try RegularFile.open("inside", beneath: root.rawValue) else {
            throw Errno.noSuchFileOrDirectory
        }
        #expect(try inside.bytes(limit: 10) == Array("inside".utf8))
        for name in ["../outside", "link", "/etc/passwd"] {
            do throws(FileError) {
                let isMissing = try RegularFile.open(FilePath(name), beneath: root.rawValue) == nil
                Issue.record("\(name) was opened (missing: \(isMissing))")
            } catch {
                #expect(error.path == name)
            }
        }
        let isMissing = try RegularFile.open("missing", beneath: root.rawValue) == nil
        #expect(isMissing)
    }

    @Test func `a file whose name is not valid UTF-8 is read by the bytes of its name`() throws {
        let name: [CChar] = [CChar(bitPattern: 0xFF), 0x61, 0]
        let path = scratch.path.appending(
            name.withUnsafeBufferPointer { FilePath.Component(platformString: $0.baseAddress!)! })
        let descriptor = path.withPlatformString { Glibc.open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        try #require(descriptor >= 0)
        write(descriptor, "bytes", 5)
        close(descriptor)
        #expect(try RegularFile.read(path, limit: 10) == Array("bytes".utf8))
    }
}
