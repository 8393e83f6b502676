import CubeTypes

/// An absolute path of a node without `..`. Two paths are compared component by component, and each component byte by byte, so
/// that `/srv` contains `/srv/web` and not `/srv2`.
package struct NodePath: Sendable {
    /// The path without repeated slashes, `.` and a slash at the end.
    package let text: String
    private let components: [[UInt8]]

    /// Returns `nil` for a path that is relative or contains `..` or a NUL character.
    package init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "/"), !text.utf8.contains(0) else { return nil }
        components = text.utf8.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }.map {
            Array($0)
        }
        guard !components.contains(Array("..".utf8)) else { return nil }
        self.text = "/" + components.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    /// Whether another path is this path or leads below it.
    package func contains(_ other: NodePath) -> Bool { other.components.starts(with: components) }

    /// Whether a text is the path of a device, in the only form in which it is compared.
    package static func isDevice(_ text: String) -> Bool {
        text.utf8.starts(with: "/dev/".utf8) && String(text.unicodeScalars.dropFirst()).isRelativePath
    }
}

extension NodePath: Equatable {
    package static func == (left: NodePath, right: NodePath) -> Bool { left.components == right.components }
}
