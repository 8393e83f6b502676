import CubeCore
import CubeSystem
import SystemPackage

/// Follows links below a root, out of it only where the tree allows that.
///
/// It asks for each link once: where one is swapped while a pass reads the directory, the whole pass sees the old target or the
/// whole pass sees the new one.
struct LinkResolver {
    enum Outcome {
        /// The path of what is there, without any link.
        case found(BytePath, FileStamp)
        case missing
        /// The links lead out of the root, or in a cycle.
        case refused(String)
    }

    private let tree: any FileTree
    private let root: [BytePath]
    /// Every entry on the way of the path that was resolved last, links included.
    private(set) var ways: Set<BytePath> = []
    private var targets: [BytePath: BytePath?] = [:]

    init(_ tree: any FileTree) {
        self.tree = tree
        root = BytePath(tree.realPath).components
    }

    /// The bound of the kernel.
    private static let maximumLinks = 40

    /// - Parameter path: relative to the root, with links anywhere in it.
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

    /// A path on the way, without any link.
    private struct Place {
        /// From the root, or outside of it from that of the machine.
        var components: [BytePath]
        var isOutside: Bool

        var path: BytePath { isOutside ? ("/" as BytePath).appending(.joined(components)) : .joined(components) }
    }

    /// - Returns: whether the link may be followed.
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
