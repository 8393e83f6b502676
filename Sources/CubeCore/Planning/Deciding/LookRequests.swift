package import CubeTypes

/// The requests to look at the source at once, which people leave as directives of the owner.
package struct LookRequests: Hashable, Sendable {
    private let source: SourceID
    /// The revision of the last request that was heeded.
    private var heeded = 0

    package init(for source: SourceID) { self.source = source }

    /// Whether somebody has asked for a look since this was last true.
    package mutating func heed(_ directives: [Directive]) -> Bool {
        let asked = directives.filter { $0.verb == .look && $0.subject == source.rawValue }.map(\.revision).max() ?? 0
        guard asked > heeded else { return false }
        heeded = asked
        return true
    }
}
