import CubeCore
import CubeSystem
import Glibc
package import SystemPackage

/// `term`, beside the store: the highest term that any manager of this directory had.
///
/// It survives when the store is replaced by an older copy of itself, whose manager must not have a term that was used since.
/// It is written in place, so that it can be on a full disk.
package struct TermFile: Sendable {
    private let path: FilePath

    package init(directory: FilePath) { path = directory.appending("term") }

    /// `nil` where there is none, and where it holds no term: then the store's own term counts.
    package func read() -> Int? {
        // Whatever keeps it from being read, the store has a term of its own.
        guard let bytes = try? RegularFile.read(path, limit: Self.length, links: .refuse) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return Int(text.prefix { $0 != " " && $0 != "\n" }).flatMap { Counter.isPlausible($0) ? $0 : nil }
    }

    /// - Throws: `StoreError`.
    package func write(_ term: Int) throws {
        let text = "\(term)"
        let line = text + String(repeating: " ", count: Self.length - 1 - text.utf8.count) + "\n"
        do {
            let file = try FileDescriptor.open(
                path, .readWrite, options: [.create, .noFollow, .nonBlocking, .closeOnExec],
                permissions: .ownerReadWrite)
            try file.closeAfter {
                // The length never changes, so neither does what the file takes of the disk.
                guard try file.writeAll(toAbsoluteOffset: 0, Array(line.utf8)) == Self.length, fsync(file.rawValue) == 0
                else { throw Errno(rawValue: errno) }
            }
        } catch Errno.noSpace {
            throw StoreError.full("\(path) cannot be written")
        } catch {
            throw StoreError.failed("\(path) cannot be written: \(error)")
        }
    }

    private static let length = 32
}
