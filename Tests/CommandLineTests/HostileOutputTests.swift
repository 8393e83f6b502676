import CubeErrors
import CubeJSON
import CubeText
import CubeTypes
import FoundationEssentials
import Testing

@testable import CubeCore
@testable import cube

/// Tests every view with hostile text in every field. The view must show the text without interpreting it.
@Suite struct HostileOutputTests {
    /// The output of a view.
    private struct Shown {
        var lines: [TextLine] = []
        var markdown: [MarkdownLine] = []
        var json = ""
    }

    private static let styles: Set = ["[0", "[1", "[2", "[31", "[32", "[33", "[34", "[35", "[36"]
    private static let colourful = Terminal(isInteractive: true, hasColour: true)

    /// Renders a view of every variant of a value, and checks each output.
    private func check<Value: Codable & Equatable>(
        _ view: String, _ value: Value, isShown: Bool = true, _ show: (Value) throws -> Shown
    ) throws {
        for text in HostileText.all {
            let variants = try HostileText.variants(of: value, text)
            var shown = 0
            for variant in variants {
                let result = try show(variant)
                for line in result.lines { try expectHarmless(line, in: view) }
                let columns = 40
                for line in result.lines.flatMap({ $0.wrapped(columns) + [$0.cut(columns)] }) {
                    try expectHarmless(line, in: view)
                }
                try MarkdownChecker.check(result.markdown.text, view)
                try #require(result.json.unicodeScalars.allSatisfy { $0 == "\n" || $0.isHarmless }, "\(view)")
                let all = result.lines.text + result.markdown.text + result.json
                if all.contains(HostileText.marker) { shown += 1 }
            }
            // A view that never shows the text would pass every check.
            try #require(!isShown || shown > 0, "\(view): \(variants.count) variants, and none is shown")
        }
    }

    /// Checks the output for a terminal: it is one line and contains no escape sequences except those of Cube's own
    /// styles.
    private func expectHarmless(_ line: TextLine, in view: String) throws {
        var rest = Self.colourful.shown(line).unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard !scalar.isHarmless else { continue }
            let style = rest.prefix { $0 != "m" }
            try #require(scalar == "\u{1B}" && Self.styles.contains(String(style)), "\(view): \(line.text)")
            rest = rest.dropFirst(style.count + 1)
        }
    }

    // MARK: Values with text in every field

    private let then = Timestamp(milliseconds: 0)
    private let digest = Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))!
    private let web = WorkloadName(rawValue: "web")!
    private let node = NodeName(rawValue: "w1")!
    private let identifier = TaskID(rawValue: "00000000-0000-5000-8000-000000000000")!

    private var task: TaskStatus {
        TaskStatus(
            id: identifier, owner: .default, name: web, ordinal: 0, attempt: 1, state: .running, reason: .backoff,
            message: "m\nlast words", specDigest: digest, settingsDigest: digest, source: "web.json", node: node,
            exit: TaskResult(code: 1, at: then),
            endpoints: [TaskEndpoint(name: "http", address: "10.0.0.5:80")],
            notEnforced: ["cpu"], createdAt: then, createdRevision: 1, revision: 1,
            definition: TaskDefinition(
                name: web, command: ["x"], env: ["K": "v"], workingDirectory: "/x", user: "u", labels: ["l": "v"]))
    }

    private var diagnostic: Diagnostic {
        Diagnostic(reason: .syntax, summary: "s", detail: "d", range: SourceRange(filename: "web.json"))
    }

    private var workload: WorkloadStatus {
        WorkloadStatus(
            name: web, file: "web.json", line: 1, sync: .outOfSync, health: .degraded,
            replicas: WorkloadStatus.Replicas(desired: 2, live: 1, ready: 0), tasks: [TaskSummary(task)],
            endpoints: task.endpoints,
            conditions: [Condition.Kind.held, .imageMoved, .ready, .reconciling, .stale, .stalled].map {
                Condition(type: $0, reason: "r", message: "m", lastTransitionTime: then)
            }, desiredDigest: digest, observedDigest: digest, diagnostics: [diagnostic])
    }

    private var hold: Hold {
        Hold(
            digest: digest, guardName: "g",
            changes: [HeldChange(verb: "prune", name: web, ordinal: 0, from: nil, to: nil)])
    }

    private var summary: SummaryStatus {
        SummaryStatus(
            owner: .default,
            source: SourceRevision(path: "manifests", commit: "4be1c02", url: "https://host/x.git", branch: "main"),
            counts: SummaryStatus.Counts(workloads: 1), conditions: workload.conditions,
            holds: [SummaryStatus.HeldSet(hold, GuardLimits(), \.command)])
    }

    private var drift: DriftReport {
        DriftReport(
            name: web, since: then,
            differences: [
                Difference(field: "command", desired: "a", observed: "b", replaces: true),
                Difference(field: "env.K", desired: "changed", observed: "changed", replaces: true),
            ],
            actions: [
                ReportedAction(verb: .stop, ordinal: 0, task: identifier, rule: .prune, message: "m", state: .due),
                ReportedAction(
                    verb: .schedule, ordinal: 0, task: identifier, rule: .specChanged, message: "m", state: .waiting,
                    waitsFor: .slotStopping),
            ], heldBy: ["g"])
    }

    private struct ReviewFields: Encodable {
        var changes: [Review.Change]
        var diagnostics: [Diagnostic]
    }

    // MARK: The views

    @Test func `status shows hostile text without interpreting it`() throws {
        for form in [StatusTable.Form.full, .wide] {
            func text(_ summary: SummaryStatus, _ workload: WorkloadStatus) -> Shown {
                let text = StatusText(
                    summary, [workload], reconciler: summary.source.path, outdated: summary.source.path,
                    table: StatusTable(form: form, now: then))
                return Shown(lines: text.lines() + text.lines(columns: 60), markdown: text.markdown)
            }
            try check("status", workload) { text(summary, $0) }
            try check("status", summary) { text($0, workload) }
        }
    }

    @Test func `the live view shows hostile text without interpreting it`() throws {
        func frame(_ summary: SummaryStatus, _ report: WorkloadReport) -> Shown {
            var frame = LiveFrame(title: "cube", foot: "foot", summary: summary, reports: [report], now: then)
            frame.warning = summary.source.path
            frame.logLines = ["\(summary.source.path)"]
            return Shown(lines: frame.lines(columns: 500, rows: 50))
        }
        try check("live", summary) { frame($0, WorkloadReport(status: workload, drift: drift)) }
        try check("live", workload) { frame(summary, WorkloadReport(status: $0, drift: drift)) }
        try check("live", drift) { frame(summary, WorkloadReport(status: workload, drift: $0)) }
    }

    @Test func `explain shows hostile text without interpreting it`() throws {
        func explain(_ change: (inout Explanation) -> Void) throws -> Shown {
            var explanation = Explanation(name: web)
            change(&explanation)
            return Shown(
                lines: explanation.lines(now: then), markdown: MarkdownLine.fenced(explanation.lines(now: then)),
                json: try JSONText.pretty(explanation))
        }
        try check("explain", workload) { value in try explain { $0.status = value } }
        try check("explain", drift) { value in try explain { $0.drift = value } }
        try check("explain", task) { value in
            try explain {
                $0.tasks = [value]
                ($0.outdated, $0.missing) = (value.message, value.message)
            }
        }
        try check("explain", summary) { value in try explain { $0.holds = value.holds } }
        let action = PastAction(
            at: then, verb: "v", name: web, ordinal: 0, id: identifier, rule: "r", reason: "r", commit: "c", result: "x"
        )
        try check("explain", action) { value in try explain { $0.history = [value] } }
        try check("history", action) { value in
            let table = [value].table
            return Shown(lines: table.lines(), markdown: table.markdown, json: try JSONText.pretty([value]))
        }
    }

    @Test func `events show hostile text without interpreting it`() throws {
        let event = TaskEvent(
            revision: 1, at: then, kind: .taskFailed, owner: .default, name: web, ordinal: 0, task: identifier,
            node: node, reason: .backoff, message: "m\nlast words")
        try check("events", event) { event in
            let line = event.line
            return Shown(lines: [line], markdown: ["- \(line)"], json: try JSONText.line(event))
        }
    }

    @Test func `tables show hostile text without interpreting it`() throws {
        func shown(_ table: Table) -> Shown { Shown(lines: table.lines(), markdown: table.markdown) }
        try check("task list", task) { shown(TaskCommand.List.table([$0])) }
        try check("task show", task) { Shown(json: try JSONText.pretty($0)) }
        let info = NodeInfo(
            name: node, state: .ready, url: "unix:x", version: "1", runtimes: ["process"], labels: ["zone": "a"],
            capacity: .zero, reserved: .zero, tasks: 0, lastSeenAt: nil, revision: 1)
        try check("node list", info) { info in
            let report = NodeReport(info, used: nil)
            let table = NodeTable([report])
            return Shown(
                lines: table.lines(columns: .max) + table.lines(columns: 80), markdown: table.markdown,
                json: try JSONText.pretty(report))
        }
        try check("node show", info) { Shown(lines: NodeReport($0, used: nil, tasks: []).lines(now: then)) }
        let owner = OwnerStatus(
            owner: .default, source: SourceID(rawValue: identifier.rawValue),
            lease: Lease(holder: "h", source: SourceID(rawValue: identifier.rawValue)!, fence: 1, expiresAt: then),
            directives: [Directive(verb: .restart, subject: "web", at: then)], holds: [hold], revision: 1)
        try check("owner list", owner) { shown(OwnerCommand.List.table([$0])) }
    }

    @Test func `diff shows hostile text without interpreting it`() throws {
        let diff = WorkloadDiff(
            name: web, file: "web.json", line: 1,
            replicas: WorkloadStatus.Replicas(desired: 2, live: 1, ready: 0),
            differences: [
                Difference(field: "command", desired: "a", observed: "b", replaces: true),
                Difference(field: "env.K", desired: "changed", observed: nil, replaces: true),
            ],
            actions: [
                ReportedAction(
                    verb: .schedule, ordinal: 0, task: identifier, rule: .notStarted, message: "m", state: .held,
                    waitsFor: .suspended)
            ], heldBy: ["g"], stalled: "s")
        try check("diff", diff) { diff in
            let text = WorkloadDiffText(
                [diff], source: diff.stalled ?? "",
                unmanaged: [Finding(reason: diff.stalled ?? "", subject: "s", message: diff.stalled ?? "")])
            return Shown(lines: text.lines, markdown: text.markdown, json: try JSONText.pretty([diff]))
        }
        let fields = ReviewFields(
            changes: [Review.Change.Kind.added, .changed, .kept].map { kind in
                Review.Change(
                    name: web, kind: kind, effect: .replace, consequence: "c", file: "web.json", line: 1,
                    fields: [
                        Review.Field(field: "f", from: "a", to: "b", replaces: true),
                        Review.Field(field: "labels.x", from: nil, to: "b", replaces: false),
                    ])
            }, diagnostics: [diagnostic])
        let review = try JSONDecoder().decode(Review.self, from: JSONEncoder().encode(fields))
        try check("diff --base", review) { review in
            let foreign = review.diagnostics[0].summary
            let text = ReviewText(review, base: foreign, revision: foreign, directory: foreign)
            return Shown(lines: text.lines, markdown: text.markdown, json: try JSONText.pretty(review))
        }
    }

    @Test func `plan shows hostile text without interpreting it`() throws {
        let plan = PlanDocument(
            owner: .default, source: summary.source, createdAt: then, desiredDigest: digest, observedDigest: digest,
            state: "s", converged: false,
            workloads: [
                PlanDocument.Workload(
                    name: web, file: "web.json", line: 1,
                    replicas: WorkloadStatus.Replicas(desired: 2, live: 1, ready: 0), differences: drift.differences,
                    actions: [
                        ReportedAction(
                            verb: .stop, ordinal: 0, task: identifier, rule: .prune, message: "m", state: .waiting,
                            waitsFor: .suspended)
                    ], notes: ["n"])
            ], notices: ["n"], holds: summary.holds, findings: [Finding(reason: "r", subject: "s", message: "m")],
            footprints: [])
        try check("plan", plan) { plan in
            let text = PlanText(plan)
            return Shown(lines: text.lines, markdown: text.markdown, json: try JSONText.pretty(plan))
        }
        var empty = plan
        empty.workloads = []
        try check("plan", empty) { plan in
            let text = PlanText(plan)
            return Shown(lines: text.lines, markdown: text.markdown)
        }
    }

    @Test func `apply, validate, failures and logs show hostile text without interpreting it`() throws {
        try check("apply", workload) { Shown(lines: ApplyOutcome.late(.seconds(1), nil, [$0]).lines) }
        try check("apply", summary) { summary in
            Shown(
                lines: ApplyOutcome.held(by: summary.holds).lines + ApplyOutcome.stale([summary.source.path]).lines
                    + ApplyOutcome.leaseHeld(summary.source.path).lines)
        }
        try check("validate", diagnostic) { diagnostic in
            let source = Array("{\(diagnostic.summary)".utf8)
            let lines = TextLine.lines(of: diagnostic.text(source: source))
            return Shown(
                lines: lines, markdown: MarkdownLine.fenced(lines), json: try JSONText.pretty([diagnostic]))
        }
        try check("failure", diagnostic) { Shown(lines: Failure($0.summary, hint: $0.detail).lines) }
    }

    @Test(arguments: HostileText.all.suffix(6))
    func `the Markdown checker detects each unescaped hostile text`(
        text: String
    ) {
        #expect(throws: MarkdownChecker.MarkdownProblem.self) { try MarkdownChecker.check(text, "as it is") }
    }

    @Test func `written JSON has the layout of jq and the same content`() throws {
        let text = #"{"a":[],"b":{},"c":[1,{"d":"x: [,]\"\\"}],"e":"ü\u202e","f":{"g":null}}"#
        #expect(
            String(decoding: JSONLayout.indented(Array(text.utf8)), as: UTF8.self) == """
                {
                  "a": [],
                  "b": {},
                  "c": [
                    1,
                    {
                      "d": "x: [,]\\"\\\\"
                    }
                  ],
                  "e": "ü\\u202e",
                  "f": {
                    "g": null
                  }
                }
                """)
        #expect(
            String(decoding: JSONLayout.line(Array("[\"\u{202E}\u{E0041}\u{7F}\"]".utf8)), as: UTF8.self)
                == #"["\u202e\udb40\udc41\u007f"]"#)
        #expect(try JSONText.pretty([String]()) == "[]")
    }
}
