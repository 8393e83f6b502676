import CubeText
import CubeTypes
import Testing

/// Lines and tables of text and Markdown.
@Suite struct LineTests {
    private let table = Table("NAME", "WHY", rows: [["web", "a|b"], ["long-name", "words that go on"]])

    @Test func `each column is as wide as its widest cell, and the last one is cut`() {
        #expect(
            table.lines().text == """
                NAME       WHY
                web        a|b
                long-name  words that go on

                """)
        #expect(table.lines(columns: 16).last?.text == "long-name  word…")
    }

    @Test func `the output of a task stays on its line and moves no cursor`() {
        let table = Table("NAME", "WHY", rows: [["web", "\("one\ntwo\u{1B}[2J")"]])
        #expect(table.lines().text == "NAME  WHY\nweb   one\\ntwo\\u{1B}[2J\n")
        #expect(TextLine("größer, 大").text == "größer, 大")
    }

    @Test func `Markdown escapes characters that would end a cell`() {
        #expect(
            table.markdown.text == """
                | NAME | WHY |
                |---|---|
                | web | a\\|b |
                | long-name | words that go on |

                """)
    }

    @Test func `a long line is wrapped between words and keeps its styles`() {
        let line: TextLine = "one \("two three", .red), four incomprehensibilities"
        let parts = line.wrapped(13, indentation: 2)
        #expect(parts.map(\.text) == ["  one two", "  three, four", "  incomprehensibilities"])
        #expect(parts[1].spans.map(\.style) == [nil, .red, nil, nil, nil])
        #expect(line.wrapped(.max).map(\.text) == [line.text])
    }

    @Test(arguments: [(59_000, "59 s"), (61_000, "1 m"), (7_500_000, "2 h 5 m"), (90_000_000, "1 d 1 h"), (-5, "0 s")])
    func `an age is shown in its largest units`(milliseconds: Int64, text: String) {
        let start = Timestamp(milliseconds: 0)
        #expect(Age(since: start, until: Timestamp(milliseconds: milliseconds)).description == text)
    }
}
