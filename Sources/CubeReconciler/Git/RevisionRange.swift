/// Two revisions to compare, as git writes them.
package struct RevisionRange: Hashable, Sendable {
    package var base: String
    /// `nil` for the directory as it is.
    package var revision: String?
    /// Whether the comparison begins at the common ancestor of the two, as a forge compares a branch with the one that it is to be
    /// merged into: what the base gained meanwhile is no difference then.
    package var isFromCommonAncestor: Bool

    package init(base: String, revision: String?, isFromCommonAncestor: Bool) {
        self.base = base
        self.revision = revision
        self.isFromCommonAncestor = isFromCommonAncestor
    }

    /// `A...B` or `A..B`; `nil` for anything else. A side that is left out is `HEAD`, as for git.
    package init?(_ text: String) {
        guard let dots = text.firstRange(of: "...") ?? text.firstRange(of: "..") else { return nil }
        func name(_ side: Substring) -> String { side.isEmpty ? "HEAD" : String(side) }
        let isSymmetric = text[dots] == "..."
        self.init(
            base: name(text[..<dots.lowerBound]), revision: name(text[dots.upperBound...]),
            isFromCommonAncestor: isSymmetric)
    }
}
