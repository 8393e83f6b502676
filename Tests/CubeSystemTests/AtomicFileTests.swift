import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import CubeSystem

/// Files that are written as a whole, with system calls that stop half-way or fail.
@Suite(.timeLimit(.minutes(1)))
struct AtomicFileTests {
    private let scratch: Scratch
    private var file: FilePath { scratch.path.appending("file") }

    init() throws { scratch = try Scratch() }

    private func text(_ path: FilePath) throws -> String? {
        try RegularFile.read(path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path.string).sorted()
    }

    /// Calls of which every second one is interrupted, and that write three bytes at a time.
    private static func hesitating(_ calls: Calls) -> DiskCalls {
        DiskCalls(
            write: { descriptor, bytes throws(Errno) in
                guard calls.next().isMultiple(of: 2) else { throw .interrupted }
                return try DiskCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(3)))
            },
            fsync: { descriptor throws(Errno) in
                guard calls.next().isMultiple(of: 2) else { throw .interrupted }
                try DiskCalls.system.fsync(descriptor)
            })
    }

    @Test(arguments: [AtomicFile.Writers.one, .several])
    func `a write that is interrupted and short is continued`(_ writers: AtomicFile.Writers) throws {
        _ = try scratch.write("file", "old")
        let calls = Calls()
        try AtomicFile.replace(
            file, with: Array("a new text".utf8), writers: writers, durably: true, calls: Self.hesitating(calls))
        #expect(try text(file) == "a new text")
        #expect(try names() == ["file"])
        // Four writes, the file and the directory, each of them but the first one interrupted once.
        #expect(calls.count == 11)
    }

    @Test func `rewriting a file keeps its permissions and the link to it`() throws {
        let link = scratch.path.appending("link")
        #expect(symlink("file", link.string) == 0)
        try AtomicFile.rewrite(file, with: Array("first".utf8), orCreating: [.ownerReadWrite, .groupRead, .otherRead])
        func mode() throws -> mode_t {
            var status = stat()
            try #require(stat(file.string, &status) == 0)
            return status.st_mode & 0o7777
        }
        #expect(try mode() == 0o644)
        #expect(chmod(file.string, 0o2640) == 0)
        try AtomicFile.rewrite(link, with: Array("second".utf8), orCreating: .ownerReadWrite)
        #expect(try text(file) == "second")
        #expect(try mode() == 0o2640)
        #expect(try names() == ["file", "link"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.string) == "file")
    }

    @Test func `a rewrite that fails leaves the old file, and no temporary one`() throws {
        _ = try scratch.write("file", "old")
        var calls = DiskCalls.system
        calls.fsync = { _ throws(Errno) in throw .noSpace }
        #expect(throws: FileError(path: file.string, cause: .noSpace)) {
            try AtomicFile.rewrite(file, with: [1], orCreating: .ownerReadWrite, calls: calls)
        }
        #expect(try text(file) == "old")
        #expect(try names() == ["file"])
    }

    @Test func `a write that makes no progress is an error`() throws {
        var calls = DiskCalls.system
        calls.write = { _, _ in 0 }
        #expect(throws: FileError(path: file.string, cause: .ioError)) {
            try AtomicFile.replace(file, with: [1], durably: false, calls: calls)
        }
    }

    @Test(arguments: [1, 2])
    func `a disk that is full leaves the old file, and no temporary one`(at failing: Int) throws {
        _ = try scratch.write("file", "old")
        let calls = Calls()
        var disk = DiskCalls.system
        disk.write = { descriptor, bytes throws(Errno) in
            guard calls.next() < failing - 1 else { throw .noSpace }
            return try DiskCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(1)))
        }
        let error = #expect(throws: FileError.self) {
            try AtomicFile.replace(file, with: Array("new".utf8), durably: true, calls: disk)
        }
        #expect(error?.isFullDisk == true)
        #expect(error?.path == file.string)
        #expect(throws: FileError.self) {
            try AtomicFile.create(scratch.path.appending("other"), with: Array("new".utf8), calls: disk)
        }
        #expect(try text(file) == "old")
        #expect(try names() == ["file"])
    }

    @Test func `a file whose content did not reach the disk takes no name`() throws {
        _ = try scratch.write("file", "old")
        var calls = DiskCalls.system
        calls.fsync = { _ throws(Errno) in throw .ioError }
        #expect(throws: FileError(path: file.string, cause: .ioError)) {
            try AtomicFile.replace(file, with: Array("new".utf8), durably: true, calls: calls)
        }
        #expect(throws: FileError.self) {
            try AtomicFile.create(scratch.path.appending("other"), with: [1], calls: calls)
        }
        #expect(try text(file) == "old")
        #expect(try names() == ["file"])
    }

    @Test func `a name that did not reach the disk is an error`() throws {
        let calls = Calls()
        var disk = DiskCalls.system
        // First the file, then its directory.
        disk.fsync = { _ throws(Errno) in if calls.next() == 1 { throw .ioError } }
        #expect(throws: FileError(path: scratch.path.string, cause: .ioError)) {
            try AtomicFile.replace(file, with: [1], durably: true, calls: disk)
        }
        #expect(calls.count == 2)
    }

    @Test func `a replacement that need not be durable waits for no disk`() throws {
        var calls = DiskCalls.system
        calls.fsync = { _ throws(Errno) in throw .ioError }
        try AtomicFile.replace(file, with: Array("new".utf8), durably: false, calls: calls)
        #expect(try text(file) == "new")
    }

    @Test
    func `a new file takes the place of no other one, and of one that comes in pieces nothing stays after an error`()
        async throws
    {
        try AtomicFile.create(file, with: Array("first".utf8))
        let taken = FileError(path: file.string, cause: .fileExists)
        #expect(throws: taken) { try AtomicFile.create(file, with: Array("second".utf8)) }
        await #expect(throws: taken) { try await AtomicFile.create(file) { sink in try sink(Array("third".utf8)) } }
        await #expect(throws: AtomicFile.ContentError.self) {
            try await AtomicFile.create(scratch.path.appending("other")) { sink in
                try sink([1])
                throw CancellationError()
            }
        }
        #expect(try text(file) == "first")
        #expect(try names() == ["file"])
    }

    @Test func `a file that is overwritten in place is never a link's target`() throws {
        _ = try scratch.write("target", "mine")
        symlink("target", file.string)
        for opening in [WritableFile.Opening.inPlace, .existing] {
            #expect(throws: FileError.self) { _ = try WritableFile(file, opening) }
        }
        #expect(throws: FileError(path: "none", cause: .noSuchFileOrDirectory)) {
            _ = try WritableFile("none", .existing)
        }
    }

    @Test func `a directory is created with those above it, and one that exists stays`() throws {
        let below = scratch.path.appending("a/b/c")
        try Directory.create(below)
        try Directory.create(below)
        var status = stat()
        #expect(stat(below.string, &status) == 0 && status.st_mode & 0o777 == 0o700)
        let obstacle = try scratch.write("file", "")
        #expect(throws: FileError.self) { try Directory.create(obstacle.appending("d/e")) }
    }
}

/// Counts calls.
private final class Calls: Sendable {
    private let made = Mutex(0)

    var count: Int { made.withLock { $0 } }

    /// The number of this call, from 0.
    func next() -> Int {
        made.withLock { made in
            defer { made += 1 }
            return made
        }
    }
}
