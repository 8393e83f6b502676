import Logging
import NIOCore
import NIOSSL

/// Logs connections that end because the client does not accept the certificate of this server. Only the client knows the reason,
/// but TLS tells the server what kind of reason it is.
final class HandshakeReporter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let throttle: Throttle
    private let logger: Logger

    /// - Parameter throttle: Limits the log entries of all connections of a listener.
    init(throttle: Throttle, logger: Logger) {
        self.throttle = throttle
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let reason = Self.reason(error), throttle.isDue() {
            logger.warning(
                "a client does not accept the certificate of this server",
                metadata: ["from": "\(context.remoteAddress?.ipAddress ?? "unknown")", "reason": "\(reason)"])
        }
        context.fireErrorCaught(error)
    }

    /// The reason in words; `nil` if the error is of another kind.
    static func reason(_ error: any Error) -> String? {
        guard error is NIOSSLError || error is BoringSSLError else { return nil }
        let text = "\(error)"
        guard text.contains("ALERT") else { return nil }
        if text.contains("CERTIFICATE_EXPIRED") {
            return "for the client, the certificate is expired or not valid yet; compare the clocks of both machines"
        }
        if text.contains("UNKNOWN_CA") || text.contains("CERTIFICATE_UNKNOWN") || text.contains("BAD_CERTIFICATE") {
            return "the client trusts another authority, or connects by a name that the certificate does not contain"
        }
        return nil
    }
}
