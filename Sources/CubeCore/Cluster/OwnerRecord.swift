package import CubeTypes

/// An owner, as the manager keeps it.
package struct OwnerRecord: Hashable, Codable, Sendable {
    package let name: OwnerName
    package var source: SourceID?
    /// Who may write; how long it may is a matter of ``ClusterState/LiveLease``.
    package var grant: Grant?
    /// The highest pass that was accepted under the present fence.
    package var pass = 0
    /// The highest fence that was given.
    package var fence = 0
    /// By name.
    package var directives: [Directive] = []
    package var revision: Int

    package struct Grant: Hashable, Codable, Sendable {
        package var holder: String
        package var source: SourceID
        package var fence: Int
        /// What its holder called the request that took it.
        package var id: String?
    }

    package init(name: OwnerName, source: SourceID?, revision: Int) {
        self.name = name
        self.source = source
        self.revision = revision
    }

    /// How many directives an owner may have at a time.
    static let directiveLimit = 10_000

    /// Puts a directive in its place, instead of one of the same name.
    mutating func keep(_ directive: Directive) {
        let place = directives.firstIndex { $0.name >= directive.name } ?? directives.endIndex
        if place < directives.endIndex, directives[place].name == directive.name {
            directives[place] = directive
        } else {
            directives.insert(directive, at: place)
        }
    }
}
