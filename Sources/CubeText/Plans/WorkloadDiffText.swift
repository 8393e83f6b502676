package import CubeCore
import CubeTypes

/// Differences for people: as text for a terminal, and as Markdown.
package struct WorkloadDiffText: Sendable {
    private let diffs: [WorkloadDiff]
    private let source: String
    private let unmanaged: [Finding]

    /// Values of more bytes are cut: they are read by people.
    private static let longest = 200

    /// - Parameters:
    ///   - source: what the manifests are called.
    ///   - unmanaged: what runs without a manifest.
    package init(_ diffs: [WorkloadDiff], source: String, unmanaged: [Finding] = []) {
        self.unmanaged = unmanaged
        self.diffs = diffs
        self.source = source
    }

    // MARK: For a terminal

    /// Without styles.
    package var text: String { lines.text }

    package var lines: [TextLine] {
        let others = unmanaged.map { "Not under a manifest: \($0.text)" as TextLine }
        guard !diffs.isEmpty else { return ["No difference."] + others }
        var lines: [TextLine] = []
        for diff in diffs {
            let symbol = diff.symbol
            lines.append(
                "\(symbol.rawValue, symbol.style) \(diff.name, .bold)\(diff.place.map { "  (\($0))" } ?? "")")
            lines += diff.differences.map { field in
                let values =
                    field.isHidden
                    ? field.hiddenChange : "\(cut(field.observed ?? "(none)")) -> \(cut(field.desired ?? "(none)"))"
                return "      \(field.field): \(values)\(field.replaces ? "  (replaces)" : "", .yellow)"
            }
            lines += diff.sentences.map { "    \($0)" } + [""]
        }
        return lines + ["\(total)."] + others
    }

    private var total: String { "\(number) from \(source)" }

    private var number: String { Count(diffs.count, "workload").verb("differs", "differ") }

    private func cut(_ text: String) -> String { text.shortened(to: Self.longest) }

    // MARK: For a comment

    package var markdown: [MarkdownLine] {
        let others = unmanaged.flatMap { ["", "Not under a manifest: \($0.text)"] as [MarkdownLine] }
        guard !diffs.isEmpty else {
            return ["**No difference** between what runs and \(code: source)."] + others
        }
        var lines: [MarkdownLine] = [
            "**\(number)** from \(code: source).", "",
            "| Workload | What comes of it | Where | Declared in |", MarkdownLine.rule(columns: 4),
        ]
        lines += diffs.map { diff in
            .row([
                "\(code: diff.name)", "\(diff.outcome)", "\(diff.places)", diff.place.map { "\(code: $0)" } ?? "",
            ])
        }
        for diff in diffs {
            lines += ["", "#### \(code: diff.name)"]
            if !diff.differences.isEmpty {
                lines += ["", "| Field | Is | Should be | |", MarkdownLine.rule(columns: 4)]
                lines += diff.differences.map { field in
                    let (observed, desired) =
                        field.isHidden
                        ? ("", "\(field.hiddenChange)") : (value(field.observed), value(field.desired))
                    return .row(["\(code: field.field)", observed, desired, field.replaces ? "replaces" : ""])
                }
            }
            lines += [""] + diff.sentences.map { "- \($0)" }
        }
        return lines + others
    }

    private func value(_ text: String?) -> MarkdownLine { text.map { "\(code: cut($0))" } ?? "" }
}

/// What becomes of one slot.
private struct SlotChange {
    enum Effect: Int { case replace, start, update, stop }

    var effect: Effect
    var ordinal: Int
    /// What is done, in the order in which it is read: what is stopped before what takes its place.
    var actions: [WorkloadDiff.Action]

    var placement: WorkloadDiff.Placement? { actions.compactMap(\.placement).first }

    /// What is done, to which task, and why: of slots with the same words one sentence tells.
    func words(in diff: WorkloadDiff) -> (verb: String, rest: String) {
        let cause = actions[0].message
        let reasons = diff.differences.filter(\.replaces).map(\.field)
        let (verb, rest) =
            switch effect {
            case .replace where actions[0].rule == .specChanged && !reasons.isEmpty:
                ("replaces", ", for \(reasons.joined(separator: ", "))")
            case .replace: ("replaces", ": \(cause)")
            case .start: ("starts", ": \(cause)")
            case .update: ("changes", " in place: \(cause)")
            case .stop: ("stops", ": \(cause)")
            }
        return (verb, ([rest] + [obstacle, placement?.text].compactMap { $0 }).joined(separator: "; "))
    }

    /// What it waits for, or what holds it; that one waits for the other of the two goes without saying.
    private var obstacle: String? {
        let action = actions.first { $0.waitsFor != nil && ![.slotStopping, .successorUnready].contains($0.waitsFor) }
        return action.flatMap { action in
            action.waitsFor.map { action.state == .held ? "held: \($0.text)" : $0.text }
        }
    }
}

extension WorkloadDiff {
    /// What becomes of each slot, by ordinal.
    fileprivate var changes: [SlotChange] {
        let slots = Dictionary(grouping: actions, by: \.ordinal)
        return slots.sorted { $0.key < $1.key }.flatMap { ordinal, actions in
            let (stops, schedules) = (actions.filter { $0.verb == .stop }, actions.filter { $0.verb == .schedule })
            let updates = actions.filter { $0.verb == .update }
            var changes: [SlotChange] = []
            if !stops.isEmpty, !schedules.isEmpty {
                changes.append(SlotChange(effect: .replace, ordinal: ordinal, actions: stops + schedules))
            } else {
                changes += stops.map { SlotChange(effect: .stop, ordinal: ordinal, actions: [$0]) }
                changes += schedules.map { SlotChange(effect: .start, ordinal: ordinal, actions: [$0]) }
            }
            return changes + updates.map { SlotChange(effect: .update, ordinal: ordinal, actions: [$0]) }
        }
    }

    /// What becomes of its slots: one sentence of those of which the same is to be said. Then why it does not go on.
    fileprivate var sentences: [String] {
        var sentences: [(verb: String, tasks: [String], rest: String)] = []
        for change in changes {
            let (words, task) = (change.words(in: self), "\(name)/\(change.ordinal)")
            if let same = sentences.firstIndex(where: { ($0.verb, $0.rest) == words }) {
                sentences[same].tasks.append(task)
            } else {
                sentences.append((words.verb, [task], words.rest))
            }
        }
        return sentences.map { sentence in
            let more = sentence.tasks.count - Self.named
            let tasks = sentence.tasks.prefix(Self.named).joined(separator: ", ")
            return "\(sentence.verb) \(tasks)\(more > 0 ? " and \(more) more" : "")\(sentence.rest)"
        } + (stalled.map { [$0] } ?? [])
    }

    /// How many tasks a sentence names.
    private static var named: Int { 10 }

    fileprivate var symbol: ChangeSymbol {
        ChangeSymbol(of: actions.map { ($0.ordinal, $0.verb) }, replicas)
    }

    /// Where the manifest stands: `web.json:3`.
    fileprivate var place: String? { file.map { file in line.map { "\(file):\($0)" } ?? file } }

    /// Such as `2 tasks replaced, 1 task started`.
    fileprivate var outcome: String {
        let words: [(SlotChange.Effect, String)] = [
            (.replace, "replaced"), (.start, "started"), (.update, "changed in place"), (.stop, "stopped"),
        ]
        let parts = words.compactMap { effect, word -> String? in
            let count = changes.count { $0.effect == effect }
            return count == 0 ? nil : "\(Count(count, "task")) \(word)"
        }
        return (parts.isEmpty ? ["nothing now"] : parts).joined(separator: ", ")
            + (heldBy.isEmpty ? "" : "; held: \(heldBy.map { WaitReason(rawValue: $0).text }.joined(separator: ", "))")
    }

    /// Such as `w1 (2), w2`, `none: no_runtime`.
    fileprivate var places: String {
        let words = changes.compactMap(\.placement).map { placement in
            placement.node?.rawValue ?? "none: \(placement.message ?? placement.reason?.rawValue ?? "")"
        }
        return Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
            .map { $1 == 1 ? $0 : "\($0) (\($1))" }.joined(separator: ", ")
    }
}

extension WorkloadDiff.Field {
    /// Values of `env` are never shown.
    fileprivate var isHidden: Bool { TaskDefinition.isVariable(field) }

    /// What became of a value that is not shown: `changed`, `added`, `removed`.
    fileprivate var hiddenChange: String { desired ?? observed ?? "" }
}

extension WorkloadDiff.Placement {
    fileprivate var text: String {
        if let node { return "would go to \(node)" }
        return "no node would take it now: \(message ?? "")" + (reason.map { " (\($0))" } ?? "")
    }
}
