import CubeSystem
import SystemPackage

/// Follows links below a root, never out of it. It asks for each link once: where one is swapped while a pass reads the
/// directory, the whole pass sees the old target or the whole pass sees the new one.
struct LinkResolver {
    enum Outcome {
        /// The path of what is there, without any link.
        case found(String, FileStamp)
        case missing
        /// The links lead out of the root, or in a circle.
        case refused(String)
    }

    private let tree: any FileTree
    private var targets: [String: String?] = [:]

    init(_ tree: any FileTree) { self.tree = tree }

    /// The bound of the kernel.
    private static let maximumLinks = 40

    /// - Parameter path: relative to the root, with links anywhere in it.
    mutating func resolve(_ path: String) throws(FileError) -> Outcome {
        var resolved: [Substring] = []
        var pending = Self.components(path[...])
        var followed = 0
        while let component = pending.popLast() {
            if component == ".." {
                if resolved.isEmpty { return .refused("a link leads out of the directory") }
                resolved.removeLast()
                continue
            }
            resolved.append(component)
            guard let target = try target(of: resolved.joined(separator: "/")) else { continue }
            followed += 1
            guard followed <= Self.maximumLinks else { return .refused("a link leads in a circle") }
            guard let relative = beneath(target) else {
                return .refused("a link leads out of the directory: \(target)")
            }
            if target.hasPrefix("/") { resolved = [] } else { resolved.removeLast() }
            pending += Self.components(relative)
        }
        let result = resolved.joined(separator: "/")
        return try tree.stamp(of: result).map { .found(result, $0) } ?? .missing
    }

    /// The part of a link's target to follow; `nil` for an absolute one that is not below the root.
    private func beneath(_ target: String) -> Substring? {
        guard target.hasPrefix("/") else { return target[...] }
        let root = tree.realPath.string
        guard target == root || target.hasPrefix(root + "/") else { return nil }
        return target.dropFirst(root.count)
    }

    /// `nil` where `path` is no link.
    private mutating func target(of path: String) throws(FileError) -> String? {
        if let known = targets[path] { return known }
        let isLink = try tree.stamp(of: path)?.kind == .link
        let target = isLink ? try tree.target(ofLink: path) : nil
        targets.updateValue(target, forKey: path)
        return target
    }

    /// Last first, as a stack to take from.
    private static func components(_ path: Substring) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }.reversed()
    }
}
