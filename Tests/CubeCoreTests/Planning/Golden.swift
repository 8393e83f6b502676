import FoundationEssentials
import Testing

/// Texts that are compared as a whole with a file in `Golden`; `CUBE_RECORD=1` writes them anew.
enum Golden {
    static func compare(_ text: String, with name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).txt")
        if ProcessInfo.processInfo.environment["CUBE_RECORD"] != nil { try Data(text.utf8).write(to: file) }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
}
