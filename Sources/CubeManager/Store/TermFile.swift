import CubeCore
import CubeSystem
package import SystemPackage

/// `term`, a file beside the store with the highest term that any manager of this directory had.
///
/// It survives when an older copy replaces the store; without it, the manager of that copy could reuse a term. The file
/// is overwritten in place, so that writing succeeds on a full disk.
package struct TermFile: Sendable {
    private let path: FilePath

    package init(directory: FilePath) { path = directory.appending("term") }

    /// Returns the stored term, or `nil` if there is no file or its content is not a term. The store's own term applies
    /// then.
    package func read() -> Int? {
        // The store has a term of its own, so an unreadable file is no error.
        guard let bytes = try? RegularFile.read(path, limit: Self.length, links: .refuse) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return Int(text.prefix { $0 != " " && $0 != "\n" }).flatMap { Counter.isPlausible($0) ? $0 : nil }
    }

    /// - Throws: `StoreError`.
    package func write(_ term: Int) throws {
        let text = "\(term)"
        let line = text + String(repeating: " ", count: Self.length - 1 - text.utf8.count) + "\n"
        do throws(FileError) {
            // The length never changes, so overwriting needs no space.
            try WritableFile.overwrite(path, .inPlace, with: Array(line.utf8))
        } catch {
            throw error.errno == .noSpace
                ? StoreError.full("cannot write \(path): the disk is full")
                : StoreError.failed("cannot write \(path): \(error.cause)")
        }
    }

    private static let length = 32
}
