package import CubeCore
package import CubeTypes

/// Delivers notices to people.
package protocol NoticeSender: Sendable {
    /// - Throws: If the delivery failed. The notices are sent again later, together with newer ones.
    func send(_ message: NoticeMessage) async throws
}

/// Notices about one owner, in one message.
package struct NoticeMessage: Codable, Hashable, Sendable {
    /// The maximum number of notices in a message.
    static let limit = 100

    package var owner: OwnerName
    package var cluster: ClusterID?
    /// The commit of the manifests, if known.
    package var commit: String?
    /// The whole message as text, as chat programs show it.
    package var text: String
    package var notices: [Notice]
    /// The number of notices that did not fit into the message.
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
