import Foundation
import Glibc
import Testing

extension World {
    /// A command prefix that drops root's permission to bypass file modes; empty for other users.
    static var withoutPrivileges: [String] { geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--"] : [] }

    /// Adds or removes write permission on all files and directories of a tree.
    func setWritable(_ isWritable: Bool, _ tree: URL) throws {
        let files = FileManager.default
        for path in try paths(in: tree) {
            let mode = try Self.number(.posixPermissions, files.attributesOfItem(atPath: path))
            try files.setAttributes(
                [.posixPermissions: isWritable ? mode | 0o200 : mode & ~0o222], ofItemAtPath: path)
        }
    }

    /// Returns the inode, mode, size and time of each file and directory of a tree, which any change to the tree alters.
    func listing(of tree: URL) throws -> [String: [Double]] {
        try paths(in: tree).reduce(into: [:]) { listing, path in
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let changed = try #require(attributes[.modificationDate] as? Date)
            listing[path] =
                try [.systemFileNumber, .posixPermissions, .size].map { Double(try Self.number($0, attributes)) }
                + [changed.timeIntervalSince1970]
        }
    }

    private static func number(_ key: FileAttributeKey, _ attributes: [FileAttributeKey: Any]) throws -> Int {
        // The type of the value depends on the platform.
        try #require(attributes[key].flatMap { Int("\($0)") })
    }

    private func paths(in tree: URL) throws -> [String] {
        [tree.path] + (try FileManager.default.subpathsOfDirectory(atPath: tree.path)).map { "\(tree.path)/\($0)" }
    }
}
