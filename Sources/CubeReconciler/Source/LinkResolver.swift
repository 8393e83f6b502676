import CubeCore
import CubeSystem
import SystemPackage

/// Follows links below a root, never out of it. It asks for each link once: where one is swapped while a pass reads the
/// directory, the whole pass sees the old target or the whole pass sees the new one.
struct LinkResolver {
    enum Outcome {
        /// The path of what is there, without any link.
        case found(BytePath, FileStamp)
        case missing
        /// The links lead out of the root, or in a circle.
        case refused(String)
    }

    private let tree: any FileTree
    private var targets: [BytePath: BytePath?] = [:]

    init(_ tree: any FileTree) { self.tree = tree }

    /// The bound of the kernel.
    private static let maximumLinks = 40

    /// - Parameter path: relative to the root, with links anywhere in it.
    mutating func resolve(_ path: BytePath) throws(FileError) -> Outcome {
        var resolved: [BytePath] = []
        var pending = Self.stack(path.components)
        var followed = 0
        while let component = pending.popLast() {
            if component == ".." {
                if resolved.isEmpty { return .refused("a link leads out of the directory") }
                resolved.removeLast()
                continue
            }
            resolved.append(component)
            guard let target = try target(of: .joined(resolved)) else { continue }
            followed += 1
            guard followed <= Self.maximumLinks else { return .refused("a link leads in a circle") }
            guard let relative = beneath(target) else {
                return .refused("a link leads out of the directory: \(target)")
            }
            if target.isAbsolute { resolved = [] } else { resolved.removeLast() }
            pending += Self.stack(relative)
        }
        let result = BytePath.joined(resolved)
        return try tree.stamp(of: result).map { .found(result, $0) } ?? .missing
    }

    /// The part of a link's target to follow; `nil` for an absolute one that is not below the root.
    private func beneath(_ target: BytePath) -> ArraySlice<BytePath>? {
        let components = target.components
        guard target.isAbsolute else { return components[...] }
        let root = BytePath(tree.realPath).components
        return components.starts(with: root) ? components.dropFirst(root.count) : nil
    }

    /// `nil` where `path` is no link.
    private mutating func target(of path: BytePath) throws(FileError) -> BytePath? {
        if let known = targets[path] { return known }
        let isLink = try tree.stamp(of: path)?.kind == .link
        let target = isLink ? try tree.target(ofLink: path) : nil
        targets.updateValue(target, forKey: path)
        return target
    }

    /// Last first, as a stack to take from.
    private static func stack(_ components: some Collection<BytePath>) -> [BytePath] {
        components.filter { $0 != "." }.reversed()
    }
}
