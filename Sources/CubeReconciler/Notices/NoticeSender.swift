package import CubeCore
package import CubeTypes

/// Takes notices to people.
package protocol NoticeSender: Sendable {
    /// - Throws: where they did not arrive; they are sent again later, with what came meanwhile.
    func send(_ message: NoticeMessage) async throws
}

/// Some notices about one owner.
package struct NoticeMessage: Codable, Hashable, Sendable {
    /// How many notices one message has at most.
    static let limit = 100

    package var owner: OwnerName
    package var cluster: ClusterID?
    /// The commit of the manifests.
    package var commit: String?
    /// All of it in words, as chat programs show it.
    package var text: String
    package var notices: [Notice]
    /// How many more there are.
    package var more: Int

    init(_ notices: [Notice], _ summary: SummaryStatus) {
        owner = summary.owner
        cluster = summary.cluster
        commit = summary.source.commit
        self.notices = Array(notices.prefix(Self.limit))
        more = notices.count - self.notices.count
        let lines = self.notices.map { "\(summary.owner): \($0.text)" } + (more > 0 ? ["… and \(more) more"] : [])
        text = lines.joined(separator: "\n")
    }
}
