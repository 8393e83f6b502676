import CubeSystem
import SystemPackage

/// The git checkout that contains a directory, read without running git.
struct GitCheckout {
    /// The git directory of this working tree, with its index and its `HEAD`.
    let directory: FilePath
    /// The git directory that all working trees of the repository share, with its branches.
    private let common: FilePath
    private let files: any FileSystem

    private static let maximumFile = 4 << 20

    /// Returns the checkout that contains `path`, or `nil` if there is none.
    ///
    /// - Parameter path: A path with all links resolved.
    static func find(above path: FilePath, files: any FileSystem) throws(FileError) -> GitCheckout? {
        var place = path
        while !(try files.exists(place.appending(".git"))) {
            guard place != place.removingLastComponent() else { return nil }
            place = place.removingLastComponent()
        }
        var directory = place.appending(".git")
        if try !files.exists(directory.appending("HEAD")) {
            // In a linked working tree or a submodule, `.git` is a file with the path of the git directory.
            guard let line = try text(of: directory, files), line.hasPrefix("gitdir: ") else { return nil }
            directory = place.pushing(FilePath(String(line.dropFirst("gitdir: ".count))))
        }
        let common = try text(of: directory.appending("commondir"), files)
        return GitCheckout(
            directory: directory, common: common.map { directory.pushing(FilePath($0)) } ?? directory, files: files)
    }

    /// Whether a git operation is in progress, so that files may appear and disappear.
    func isBusy() throws(FileError) -> Bool {
        for name in ["index.lock", "rebase-merge", "rebase-apply"] where try files.exists(directory.appending(name)) {
            return true
        }
        return false
    }

    /// The checked-out commit. `nil` before the first commit, or if the repository stores its branches in an
    /// unsupported format.
    func commit() throws(FileError) -> String? {
        guard let head = try Self.text(of: directory.appending("HEAD"), files) else { return nil }
        guard head.hasPrefix("ref: ") else { return head }
        let branch = String(head.dropFirst("ref: ".count))
        if let commit = try Self.text(of: common.appending(branch), files) { return commit }
        let packed = try Self.text(of: common.appending("packed-refs"), files) ?? ""
        return packed.split(separator: "\n").first { $0.hasSuffix(" " + branch) }.map {
            String($0.prefix { $0 != " " })
        }
    }

    private static func text(of path: FilePath, _ files: any FileSystem) throws(FileError) -> String? {
        guard let bytes = try files.read(path, limit: maximumFile) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.last == "\n" ? String(text.dropLast()) : text
    }
}
