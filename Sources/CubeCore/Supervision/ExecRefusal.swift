package import CubeTypes

/// Finds the message of an engine that could not start a command. Engines write it to the output of the command.
package struct ExecRefusal: Sendable {
    /// The beginnings of such messages, of Docker, and of Podman with its runtimes.
    private static let beginnings = [
        "OCI runtime exec failed: ", "Error: runc: ", "Error: crun: ", "Error: OCI runtime",
    ]
    /// The maximum size of such a message, in bytes.
    private static let limit = 4096

    /// Output that may be the message.
    private var held: [ExecChunk] = []
    /// Whether the output is that of the command.
    private var isOutput = false

    package init() {}

    /// Takes a part of the output, and returns the part that is certainly the command's.
    package mutating func take(_ chunk: ExecChunk) -> [ExecChunk] {
        guard !isOutput else { return [chunk] }
        held.append(chunk)
        let size = held.reduce(0) { $0 + $1.data.count }
        if size <= Self.limit, Self.beginnings.contains(where: { held[0].data.starts(with: $0.utf8) }) { return [] }
        isOutput = true
        defer { held = [] }
        return held
    }

    /// Returns the rest of the output, and how the command ended.
    ///
    /// - Parameter code: the exit code that the engine reports.
    package func finish(code: Int) -> (rest: [ExecChunk], end: ExecEnd) {
        guard !held.isEmpty, [126, 127].contains(code) else { return (held, ExecEnd(code: code)) }
        let text = String(decoding: held.flatMap(\.data), as: UTF8.self)
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? text
        return ([], Self.end(line))
    }

    /// Returns the end of a command that an engine could not start.
    ///
    /// - Parameter message: the message of the engine.
    package static func end(_ message: String) -> ExecEnd {
        let reason = ContainerStatus.reason(in: message)
        let isMissing = ["not found", "no such file"].contains { reason.contains($0) }
        return ExecEnd(code: isMissing ? 127 : 126, message: reason)
    }
}
