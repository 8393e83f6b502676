package import CubeTypes

extension TaskResult {
    /// How a run ended, in a few words: `exit 1`, `signal 9`.
    package var words: String {
        if oom { return "out of memory" }
        return signal.map { "signal \($0)" } ?? code.map { "exit \($0)" } ?? "end not known"
    }
}

extension TaskStatus {
    /// The lines of its message: the first says what there is to say, those after it are the end of its output.
    package var messageLines: [String] {
        (message ?? "").split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }

    /// Why it is as it is, in a few words; `nil` where there is nothing to say.
    package var why: String? {
        // A sentence first; the word that programs know it by follows.
        let headline = messageLines.first.map { line in line + (reason.map { " (\($0))" } ?? "") }
        var parts = [headline ?? reason?.rawValue].compactMap { $0 }
        if let exit, message == nil { parts.append("last \(exit.words)") }
        if nodeUnknown { parts.append("its node is silent") }
        let limits = notEnforced.filter { $0 != "settings" }
        if notEnforced.contains("settings"), !state.hasEnded {
            parts.append("some of its settings do not count: its node runs an older version, which does not know them")
        }
        if !limits.isEmpty, !state.hasEnded {
            parts.append(
                "not enforced: \(limits.joined(separator: ", ")), as the task is a process, which may use more than it reserves "
                    + "(`cube doctor` says what to do)")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
