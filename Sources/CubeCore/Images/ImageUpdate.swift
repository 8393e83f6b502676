/// How a newer image for a workload is found: the field `image_update` of a manifest.
package struct ImageUpdate: Hashable, Sendable {
    package var policy: Policy
    /// A regular expression that a tag must match somewhere.
    package var filter: String?

    package enum Policy: String, Sendable {
        /// The tag with the highest version.
        case semver
        /// The tag that is the last one in the order of bytes.
        case alphabetical
        /// The same tag, with the digest that it means now.
        case digest
    }

    package init(policy: Policy = .semver, filter: String? = nil) {
        self.policy = policy
        self.filter = filter
    }

    /// The outcome of a look at the tags of a repository.
    package enum Choice: Hashable, Sendable {
        /// No tag is newer.
        case current
        case newer(tag: String)
        /// The tags cannot be compared; with the reason.
        case undecidable(String)
    }

    /// Chooses among the tags of a repository. The order of the tags is irrelevant.
    ///
    /// - Parameter current: the tag of the manifest.
    package func choose(among tags: [String], current: String) -> Choice {
        // The manifest was validated, so the expression is valid.
        let expression = filter.flatMap { try? Regex($0) }
        let matching = Set(tags).filter { tag in
            guard let expression else { return true }
            // A tag on which the expression fails does not match.
            return (try? expression.firstMatch(in: tag)) != nil
        }
        switch policy {
        case .digest: return .current
        case .alphabetical:
            guard let last = matching.max(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }),
                current.utf8.lexicographicallyPrecedes(last.utf8)
            else { return .current }
            return .newer(tag: last)
        case .semver:
            guard let version = TagVersion(current) else {
                return .undecidable("the tag \(current) is not a version, such as 1.27.4")
            }
            return newest(of: matching, than: version)
        }
    }

    private func newest(of tags: Set<String>, than current: TagVersion) -> Choice {
        var newest: (tag: String, version: TagVersion)?
        // Equal versions may be written differently. The form of the current tag is the best one, then the first in the order of bytes.
        for tag in tags.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let version = TagVersion(tag), current.precedes(version),
                filter != nil || version.form == current.form
            else { continue }
            guard let known = newest else {
                newest = (tag, version)
                continue
            }
            let isEqual = !known.version.precedes(version) && !version.precedes(known.version)
            if known.version.precedes(version) || isEqual && version.form == current.form { newest = (tag, version) }
        }
        return newest.map { .newer(tag: $0.tag) } ?? .current
    }
}
