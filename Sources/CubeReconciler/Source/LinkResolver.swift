import CubeCore
import CubeSystem
import SystemPackage

/// Resolves links below a root. Leaves the root only if the tree allows it.
///
/// It reads each link once: if a link is replaced during a pass, the whole pass sees either the old or the new target.
struct LinkResolver {
    enum Outcome {
        /// The resolved path, without links.
        case found(BytePath, FileStamp)
        case missing
        /// A link leads out of the root or in a cycle.
        case refused(String)
    }

    private let tree: any FileTree
    private let root: [BytePath]
    /// All entries on the path that was resolved last, including links.
    private(set) var ways: Set<BytePath> = []
    private var targets: [BytePath: BytePath?] = [:]

    init(_ tree: any FileTree) {
        self.tree = tree
        root = BytePath(tree.realPath).components
    }

    /// The same limit as in the kernel.
    private static let maximumLinks = 40

    /// - Parameter path: A path relative to the root. Any component may be a link.
    mutating func resolve(_ path: BytePath) throws(FileError) -> Outcome {
        ways = []
        var place = Place(components: [], isOutside: path.isAbsolute)
        var pending = Self.stack(path.components)
        var followed = 0
        while let component = pending.popLast() {
            if component == ".." {
                if place.components.isEmpty, !place.isOutside {
                    guard tree.links == .anywhere else { return .refused("a link leads out of the directory") }
                    place = Place(components: root, isOutside: true)
                }
                _ = place.components.popLast()
                continue
            }
            place.components.append(component)
            ways.insert(place.path)
            guard let target = try target(of: place.path) else { continue }
            followed += 1
            guard followed <= Self.maximumLinks else { return .refused("a link leads in a cycle") }
            guard follow(target, from: &place, &pending) else {
                return .refused("a link leads out of the directory: \(target)")
            }
        }
        if place.isOutside, place.components.starts(with: root) {
            place = Place(components: Array(place.components.dropFirst(root.count)), isOutside: false)
        }
        let result = place.path
        return try tree.stamp(of: result).map { .found(result, $0) } ?? .missing
    }

    /// A resolved part of a path, without links.
    private struct Place {
        /// The components, relative to the root, or to the machine's root if `isOutside`.
        var components: [BytePath]
        var isOutside: Bool

        var path: BytePath { isOutside ? ("/" as BytePath).appending(.joined(components)) : .joined(components) }
    }

    /// - Returns: Whether the link may be followed.
    private func follow(_ target: BytePath, from place: inout Place, _ pending: inout [BytePath]) -> Bool {
        let components = target.components
        if !target.isAbsolute {
            place.components.removeLast()
            pending += Self.stack(components)
        } else if components.starts(with: root) {
            place = Place(components: [], isOutside: false)
            pending += Self.stack(components.dropFirst(root.count))
        } else if tree.links == .anywhere {
            place = Place(components: [], isOutside: true)
            pending += Self.stack(components)
        } else {
            return false
        }
        return true
    }

    /// Returns the target of a link, or `nil` if `path` is not a link.
    private mutating func target(of path: BytePath) throws(FileError) -> BytePath? {
        if let known = targets[path] { return known }
        let isLink = try tree.stamp(of: path)?.kind == .link
        let target = isLink ? try tree.target(ofLink: path) : nil
        targets.updateValue(target, forKey: path)
        return target
    }

    /// Returns the components in reverse order, as a stack.
    private static func stack(_ components: some Collection<BytePath>) -> [BytePath] {
        components.filter { $0 != "." }.reversed()
    }
}
