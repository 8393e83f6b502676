import CubeCore
import CubeText
import Testing

@Suite struct ManifestReferenceTextTests {
    private let whole = ManifestReferenceText(defaults: [ManifestReferenceText.Fact("Output", "Cube keeps some of it.")]
    )

    @Test func `the page fits the width of the terminal`() {
        for columns in [60, 80, 100] {
            let lines = whole.lines(columns: columns).map(\.text)
            #expect(lines.count > 200)
            #expect(lines.filter { $0.count > columns && $0.contains(" ") && !$0.contains("Example") } == [])
        }
    }

    @Test func `reserved fields are mentioned only if there are any`() {
        let refused = ManifestReference.refusedKeys
        for page in [whole.markdown, whole.lines(columns: 1000).map(\.text).joined(separator: " ")] {
            #expect(page.contains("Reserved for a later version") == !refused.isEmpty)
        }
    }

    @Test func `the page of a field contains the field and its subfields, and nothing else`() throws {
        let page = try #require(ManifestReferenceText(path: "stop"))
        #expect(
            page.lines(columns: 80).map(\.text).joined(separator: "\n") == """
                FIELDS THAT CHANGE IN PLACE
                A change of one of these fields is applied to the running tasks. No task is
                replaced or restarted.

                  stop
                      object
                      How Cube asks a task to end.
                      Example: "stop": {"grace": "30s", "signal": "SIGINT"}

                  stop.signal
                      one of `"SIGHUP"`, `"SIGINT"`, `"SIGKILL"`, `"SIGQUIT"`, `"SIGTERM"`,
                      `"SIGUSR1"`, `"SIGUSR2"`, `"SIGWINCH"`; default "SIGTERM"
                      The signal that asks the task to end.
                      Example: "signal": "SIGTERM"

                  stop.grace
                      duration from 0s to 24h; default "10s"
                      How long the task has to end. Processes that are still running after this
                      time get SIGKILL.
                      Example: "grace": "30s"
                """)
    }

    @Test func `brackets of arrays are optional, and an unknown field has no page`() {
        #expect(ManifestReferenceText(path: "ports.host")?.entries.map(\.path) == ["ports[].host"])
        #expect(ManifestReferenceText(path: "port") == nil)
    }

    @Test func `Markdown has a row for each field and escapes column separators`() {
        let rows = whole.markdown.split(separator: "\n").filter { $0.hasPrefix("| `") }
        // Fields are grouped by the effect of a change.
        let paths = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(paths.sorted() == ManifestReferenceText.paths.sorted())
        #expect(whole.markdown.hasSuffix("## Other defaults\n\n- **Output**: Cube keeps some of it."))
        #expect(rows.allSatisfy { $0.replacing("\\|", with: "").split(separator: "|").count == 5 })
    }
}
