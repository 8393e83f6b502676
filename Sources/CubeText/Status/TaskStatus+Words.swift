import CubeCore
package import CubeTypes

extension TaskStatus {
    /// The lines of the message. The first is the message itself; the others are the end of the task's output.
    package var messageLines: [String] {
        (message ?? "").split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }

    /// A short reason for the task's state; `nil` if there is none.
    package var why: String? {
        // The message comes first; the reason code follows in parentheses.
        let headline = messageLines.first.map { line in line + (reason.map { " (\($0))" } ?? "") }
        var parts = [headline ?? reason?.rawValue].compactMap { $0 }
        if let exit, message == nil { parts.append("last \(exit.words)") }
        if nodeUnknown { parts.append("its node is silent") }
        if let eviction, !state.hasEnded, state != .stopping {
            parts.append("its node is being drained" + (eviction.message.map { ", but \($0)" } ?? ""))
        }
        let limits = notEnforced.filter { $0 != "settings" }
        if notEnforced.contains("settings"), !state.hasEnded {
            parts.append("some of its settings have no effect, because its node runs an older version")
        }
        if !limits.isEmpty, !state.hasEnded {
            parts.append("not enforced: \(limits.joined(separator: ", ")) (see `cube doctor`)")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
