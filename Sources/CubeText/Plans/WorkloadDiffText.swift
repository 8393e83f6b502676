package import CubeCore
import CubeTypes

/// The differences of workloads, as text for a terminal and as Markdown.
package struct WorkloadDiffText: Sendable {
    private let diffs: [WorkloadDiff]
    private let source: String
    private let unmanaged: [Finding]

    /// The maximum length of a value in bytes. Longer values are cut.
    private static let longest = 200

    /// - Parameters:
    ///   - source: The name of the source of the manifests.
    ///   - unmanaged: Tasks that run without a manifest.
    package init(_ diffs: [WorkloadDiff], source: String, unmanaged: [Finding] = []) {
        self.unmanaged = unmanaged
        self.diffs = diffs
        self.source = source
    }

    // MARK: For a terminal

    /// The text without styles.
    package var text: String { lines.text }

    package var lines: [TextLine] {
        let others = unmanaged.map { "Not declared by a manifest: \($0.text)" as TextLine }
        guard !diffs.isEmpty else { return ["No differences."] + others }
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
        let others = unmanaged.flatMap { ["", "Not declared by a manifest: \($0.text)"] as [MarkdownLine] }
        guard !diffs.isEmpty else {
            return ["**No differences** between the running tasks and \(code: source)."] + others
        }
        var lines: [MarkdownLine] = [
            "**\(number)** from \(code: source).", "",
            "| Workload | Effect | Where | Declared in |", MarkdownLine.rule(columns: 4),
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

/// The change of one slot.
private struct SlotChange {
    enum Effect: Int { case replace, start, update, stop }

    var effect: Effect
    var ordinal: Int
    /// The actions in display order: the stop of a task precedes the start of its replacement.
    var actions: [ReportedAction]

    var placement: ReportedAction.Placement? { actions.compactMap(\.placement).first }

    /// The action, the task and the reason. Slots with the same words share a sentence.
    func words(in diff: WorkloadDiff) -> (verb: String, rest: String) {
        let cause = actions[0].message
        let reasons = diff.differences.filter(\.replaces).map(\.field)
        let (verb, rest) =
            switch effect {
            case .replace where actions[0].rule == .specChanged && !reasons.isEmpty:
                ("replaces", " (changed: \(reasons.joined(separator: ", ")))")
            case .replace: ("replaces", ": \(cause)")
            case .start: ("starts", ": \(cause)")
            case .update: ("changes", " in place: \(cause)")
            case .stop: ("stops", ": \(cause)")
            }
        return (verb, ([rest] + [obstacle, placement?.text].compactMap { $0 }).joined(separator: "; "))
    }

    /// What the action waits for, or what holds it. That the start of a replacement waits for the stop is not
    /// mentioned.
    private var obstacle: String? {
        let action = actions.first { $0.waitsFor != nil && ![.slotStopping, .successorUnready].contains($0.waitsFor) }
        return action.flatMap { action in
            action.waitsFor.map { action.state == .held ? "held: \($0.text)" : $0.text }
        }
    }
}

extension WorkloadDiff {
    /// The change of each slot, by ordinal.
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

    /// The changes of the slots, with one sentence for all slots with the same words, followed by the reason why the
    /// rollout does not continue.
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

    /// The maximum number of tasks that a sentence names.
    private static var named: Int { 10 }

    fileprivate var symbol: ChangeSymbol {
        ChangeSymbol(of: actions.map { ($0.ordinal, $0.verb) }, replicas)
    }

    /// The location of the manifest, such as `web.json:3`.
    fileprivate var place: String? { file.map { file in line.map { "\(file):\($0)" } ?? file } }

    /// The outcome in words, such as `2 tasks replaced, 1 task started`.
    fileprivate var outcome: String {
        let words: [(SlotChange.Effect, String)] = [
            (.replace, "replaced"), (.start, "started"), (.update, "changed in place"), (.stop, "stopped"),
        ]
        let parts = words.compactMap { effect, word -> String? in
            let count = changes.count { $0.effect == effect }
            return count == 0 ? nil : "\(Count(count, "task")) \(word)"
        }
        return (parts.isEmpty ? ["no change now"] : parts).joined(separator: ", ")
            + (heldBy.isEmpty ? "" : "; held: \(heldBy.map { WaitReason(rawValue: $0).text }.joined(separator: ", "))")
    }

    /// The nodes of the new tasks, such as `w1 (2), w2` or `none: no_runtime`.
    fileprivate var places: String {
        let words = changes.compactMap(\.placement).map { placement in
            placement.node?.rawValue ?? "none: \(placement.message ?? placement.reason?.rawValue ?? "")"
        }
        return Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
            .map { $1 == 1 ? $0 : "\($0) (\($1))" }.joined(separator: ", ")
    }
}

extension Difference {
    /// Values of `env` are never shown.
    fileprivate var isHidden: Bool { Self.isVariable(field) }

    /// The change of a hidden value: `changed`, `added` or `removed`.
    fileprivate var hiddenChange: String { desired ?? observed ?? "" }
}

extension ReportedAction.Placement {
    fileprivate var text: String {
        if let node { return "would be placed on \(node)" }
        return "no node can run it now: \(message ?? "")" + (reason.map { " (\($0))" } ?? "")
    }
}
