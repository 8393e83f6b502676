import CubeCore
import CubeTypes
import Glibc
import SystemPackage

/// The allowances of this worker, which it enforces itself whatever its manager assigns to it.
struct GrantedAllowances: Sendable {
    private let allowances: NodeAllowances
    /// The paths that no task mounts by way of an allowed path that contains them.
    private let protected: [String]

    init(_ allowances: NodeAllowances, protected: [String]) {
        self.allowances = allowances
        self.protected = protected
    }

    /// Checks what a task needs beyond the safe default, except where the symbolic links of its mounts lead.
    func check(_ definition: TaskDefinition) throws(StartRefusal) {
        guard let refusal = allowances.refusal(of: definition.neededAllowances) else { return }
        throw StartRefusal(description: refusal)
    }

    /// Returns the path to mount for a path that a task declares, without symbolic links, so that a link cannot lead out of an allowed
    /// directory. The engine resolves the returned path again, so whoever can replace its directories by links before that changes
    /// the mount.
    ///
    /// - Parameter others: further paths that no task mounts by way of an allowed path that contains them.
    /// - Throws: if the path does not exist, or if this worker does not allow the mount.
    func source(
        ofMount path: String, isReadOnly: Bool, protecting others: [String] = []
    ) throws(StartRefusal) -> String {
        let resolved: NodePath
        switch Self.resolve(path) {
        case .success(let path): resolved = path
        case .failure(let refusal): throw refusal
        }
        let rule = MountAllowance(
            allowed: allowed, protected: (protected + others).compactMap { Self.resolveExistingPart(of: $0) })
        if let refusal = rule.refusal(of: resolved, declared: path, isReadOnly: isReadOnly) {
            throw StartRefusal(description: refusal)
        }
        return resolved.text
    }

    /// The allowed paths without symbolic links. A path that does not exist allows nothing, and neither does one inside a directory that
    /// tasks may write to if it leads out of that directory: a task may have put a link there.
    private var allowed: [(path: NodePath, isReadOnly: Bool)] {
        let mounts = allowances.mounts.compactMap { mount in
            NodePath(mount.path).flatMap { written in
                // A path that cannot be resolved allows nothing.
                (try? Self.resolve(mount.path).get()).map { (written: written, path: $0, isReadOnly: mount.readOnly) }
            }
        }
        return mounts.filter { mount in
            !mounts.contains { outer in
                !outer.isReadOnly && outer.written != mount.written && !outer.path.contains(mount.path)
                    && (outer.written.contains(mount.written) || outer.path.contains(mount.written))
            }
        }.map { ($0.path, $0.isReadOnly) }
    }

    /// Resolves the links in that part of a path that exists, because the rest, such as a socket, may appear later.
    private static func resolveExistingPart(of path: String) -> NodePath? {
        var (existing, rest) = (FilePath(path), FilePath())
        while true {
            if let resolved = try? resolve(existing.string).get() {  // Otherwise, its parent may exist.
                return NodePath(FilePath(resolved.text).pushing(rest).string)
            }
            guard let last = existing.lastComponent else { return NodePath(path) }
            rest = FilePath(root: nil, [last] + Array(rest.components))
            existing.removeLastComponent()
        }
    }

    private static func resolve(_ path: String) -> Result<NodePath, StartRefusal> {
        guard path.utf8.first == UInt8(ascii: "/"), let resolved = realpath(path, nil) else {
            let cause = errno == ENOENT ? "does not exist on this node" : String(cString: strerror(errno))
            return .failure(StartRefusal(description: "cannot mount \(path): it \(cause)"))
        }
        defer { free(resolved) }
        guard let text = String(validatingCString: resolved), let path = NodePath(text) else {
            return .failure(StartRefusal(description: "cannot mount \(path): its real path is not valid UTF-8"))
        }
        return .success(path)
    }
}
