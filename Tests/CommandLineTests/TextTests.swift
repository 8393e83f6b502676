import CubeCore
import CubeTypes
import Testing

@testable import cube

@Suite struct TextTests {
    private let plain = Terminal(isInteractive: false, hasColour: false)
    private let table = Table("NAME", "WHY", rows: [["web", "a|b"], ["long-name", "words that go on"]])

    @Test func `columns are as wide as their widest cell, and the last one is cut`() {
        #expect(
            table.lines().text == """
                NAME       WHY
                web        a|b
                long-name  words that go on

                """)
        #expect(table.lines(columns: 16).last?.text == "long-name  word…")
    }

    @Test func `what a task wrote stays on its line, and moves no cursor`() {
        let table = Table("NAME", "WHY", rows: [["web", "\("one\ntwo\u{1B}[2J")"]])
        #expect(table.lines().text == "NAME  WHY\nweb   one\\ntwo\\u{1B}[2J\n")
        #expect(TextLine("größer, 大").text == "größer, 大")
    }

    @Test func `markdown escapes what would end a cell`() {
        #expect(
            table.markdown.text == """
                | NAME | WHY |
                |---|---|
                | web | a\\|b |
                | long-name | words that go on |

                """)
    }

    @Test func `help flows in paragraphs, and leaves examples as they are`() {
        let text = "One\ntwo.\n\nExamples:\n  cube up\n  cube down\nLast\nline."
        #expect(String.flowing(text) == "One two.\n\nExamples:\n  cube up\n  cube down\nLast line.")
    }

    @Test func `colour is only for terminals`() {
        let line: TextLine = "it is \("web\u{1B}[2J", .red)"
        #expect(plain.shown(line) == "it is web\\u{1B}[2J")
        let colourful = Terminal(isInteractive: true, hasColour: true)
        #expect(colourful.shown(line) == "it is \u{1B}[31mweb\\u{1B}[2J\u{1B}[0m")
    }

    @Test func `a long line is broken between words, and keeps its styles`() {
        let line: TextLine = "one \("two three", .red), four incomprehensibilities"
        let parts = line.wrapped(13, indentation: 2)
        #expect(parts.map(\.text) == ["  one two", "  three, four", "  incomprehensibilities"])
        #expect(parts[1].spans.map(\.style) == [nil, .red, nil, nil, nil])
        #expect(line.wrapped(.max).map(\.text) == [line.text])
    }

    @Test func `lines come out whole, however the bytes come in`() {
        var buffer = LineBuffer()
        #expect(buffer.take(Array("on".utf8)) == [])
        #expect(buffer.take(Array("e\ntwo\nthr".utf8)) == [Array("one\n".utf8), Array("two\n".utf8)])
        #expect(buffer.rest == Array("thr\n".utf8))
    }

    @Test(arguments: [(59_000, "59 s"), (61_000, "1 m"), (7_500_000, "2 h 5 m"), (90_000_000, "1 d 1 h"), (-5, "0 s")])
    func `an age is told in its largest units`(milliseconds: Int64, text: String) {
        let start = Timestamp(milliseconds: 0)
        #expect(Age(since: start, until: Timestamp(milliseconds: milliseconds)).description == text)
    }
}
