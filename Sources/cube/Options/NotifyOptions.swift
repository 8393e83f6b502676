import ArgumentParser
import CubeErrors
import CubeReconciler
import CubeTransport
import SystemPackage

/// Who is told when something becomes bad, and when it is good again.
struct NotifyOptions: ParsableArguments {
    @Option(
        name: .customLong("notify-url-file"),
        help: ArgumentHelp(
            "A file with the URL that is told, as JSON, what becomes bad and good again. (CUBE_NOTIFY_URL: the URL itself)",
            valueName: "file"), completion: .file())
    var file: String?

    /// - Throws: where the file cannot be read, or holds no URL.
    var sender: (any NoticeSender)? {
        get throws {
            guard let url = try file.map(Self.firstLine) ?? Environment.value("CUBE_NOTIFY_URL") else { return nil }
            return WebhookNoticeSender(webhook: try WebhookClient(url: url))
        }
    }

    private static func firstLine(of path: String) throws -> String {
        guard let bytes = try AtomicFile.read(.absolute(path)) else { throw Failure("\(path): there is no such file") }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
