package import CubeTypes

/// The requests of people to read the source at once. They are directives of the owner.
package struct LookRequests: Hashable, Sendable {
    private let source: SourceID
    /// The revision of the newest request that ``heed(_:)`` has reported.
    private var heeded = 0

    package init(for source: SourceID) { self.source = source }

    /// Returns whether a new request has arrived since the last call that returned `true`.
    package mutating func heed(_ directives: [Directive]) -> Bool {
        let asked = directives.filter { $0.verb == .look && $0.subject == source.rawValue }.map(\.revision).max() ?? 0
        guard asked > heeded else { return false }
        heeded = asked
        return true
    }
}
