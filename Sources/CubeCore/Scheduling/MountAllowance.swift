/// Decides whether a task may mount a path of its node. All paths are resolved: they contain no symbolic link.
///
/// A mount must be inside a path that the worker allows. A mount that would expose a protected path, such as the socket of the
/// container engine, needs more: the protected path must itself be allowed, because whoever allows `/srv` may not know that a
/// data directory with tokens is below it.
package struct MountAllowance: Sendable {
    private var allowed: [(path: NodePath, isReadOnly: Bool)]
    private var protected: [NodePath]

    /// - Parameters:
    ///   - allowed: the paths that tasks may mount, and whether only read-only.
    ///   - protected: the paths that are never mounted by way of an allowed path that contains them.
    package init(allowed: [(path: NodePath, isReadOnly: Bool)], protected: [NodePath]) {
        self.allowed = allowed
        self.protected = protected
    }

    /// Returns why a path must not be mounted; `nil` if it may be.
    ///
    /// - Parameter declared: the path as the task declares it.
    package func refusal(of path: NodePath, declared: String, isReadOnly: Bool) -> String? {
        let covering = allowed.filter { $0.path.contains(path) && (isReadOnly || !$0.isReadOnly) }
        guard !covering.isEmpty else {
            let need = NeededAllowance.mount(declared, readOnly: isReadOnly)
            let target = path.text.utf8.elementsEqual(declared.utf8) ? "" : ", which leads to \(path.text)"
            return "this node does not allow \(need.text)\(target); start its worker with \(need.option)"
        }
        for secret in protected where path.contains(secret) || secret.contains(path) {
            let isAllowed =
                secret.contains(path)
                ? covering.contains { secret.contains($0.path) }
                : allowed.contains { $0.path == secret && (isReadOnly || !$0.isReadOnly) }
            guard !isAllowed else { continue }
            return
                "a mount of \(declared) would expose \(secret.text), with which a task can take over the node; it is "
                + "refused unless the worker is started with --allow-mount \(secret.text)"
        }
        return nil
    }
}
