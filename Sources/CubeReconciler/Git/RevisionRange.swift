/// Two revisions to compare, in git's notation.
package struct RevisionRange: Hashable, Sendable {
    package var base: String
    /// `nil` for the current contents of the directory.
    package var revision: String?
    /// Whether to compare from the common ancestor of the two, as a forge compares a branch with its target branch.
    /// Later changes of the base are then not part of the difference.
    package var isFromCommonAncestor: Bool

    package init(base: String, revision: String?, isFromCommonAncestor: Bool) {
        self.base = base
        self.revision = revision
        self.isFromCommonAncestor = isFromCommonAncestor
    }

    /// Parses `A...B` or `A..B`; returns `nil` for other texts. An omitted side means `HEAD`, as in git.
    package init?(_ text: String) {
        guard let dots = text.firstRange(of: "...") ?? text.firstRange(of: "..") else { return nil }
        func name(_ side: Substring) -> String { side.isEmpty ? "HEAD" : String(side) }
        let isSymmetric = text[dots] == "..."
        self.init(
            base: name(text[..<dots.lowerBound]), revision: name(text[dots.upperBound...]),
            isFromCommonAncestor: isSymmetric)
    }
}
