import CubeReconciler
import CubeTransport

/// Posts notices to a URL.
struct WebhookNoticeSender: NoticeSender {
    let webhook: WebhookClient

    func send(_ message: NoticeMessage) async throws { try await webhook.post(message) }
}
