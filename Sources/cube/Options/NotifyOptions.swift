import ArgumentParser
import CubeErrors
import CubeReconciler
import CubeTransport
import SystemPackage

/// The URL that is notified when a problem begins or ends.
struct NotifyOptions: ParsableArguments {
    @Option(
        name: .customLong("notify-url-file"),
        help: ArgumentHelp(
            "File that contains the URL to notify, with a JSON body, when a problem begins or ends. (CUBE_NOTIFY_URL: the URL itself)",
            valueName: "file"), completion: .file())
    var file: String?

    /// - Throws: An error if the file cannot be read or contains no valid URL.
    var sender: (any NoticeSender)? {
        get throws {
            guard let url = try file.map(Self.firstLine) ?? Environment.value("CUBE_NOTIFY_URL") else { return nil }
            return WebhookNoticeSender(webhook: try WebhookClient(url: url))
        }
    }

    private static func firstLine(of path: String) throws -> String {
        guard let bytes = try NamedFile.read(.absolute(path)) else { throw Failure("\(path): no such file") }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
