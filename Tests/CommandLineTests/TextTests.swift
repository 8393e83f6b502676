import CubeText
import Testing

@testable import cube

@Suite struct TextTests {
    private let plain = Terminal(isInteractive: false, hasColour: false)

    @Test func `help text joins the lines of paragraphs and keeps examples`() {
        let text = "One\ntwo.\n\nExamples:\n  cube up\n  cube down\nLast\nline."
        #expect(String.flowing(text) == "One two.\n\nExamples:\n  cube up\n  cube down\nLast line.")
    }

    @Test func `only terminals receive colours`() {
        let line: TextLine = "it is \("web\u{1B}[2J", .red)"
        #expect(plain.shown(line) == "it is web\\u{1B}[2J")
        let colourful = Terminal(isInteractive: true, hasColour: true)
        #expect(colourful.shown(line) == "it is \u{1B}[31mweb\\u{1B}[2J\u{1B}[0m")
    }

    @Test func `lines are complete, however the bytes are split`() {
        var buffer = LineBuffer()
        #expect(buffer.take(Array("on".utf8)) == [])
        #expect(buffer.take(Array("e\ntwo\nthr".utf8)) == [Array("one\n".utf8), Array("two\n".utf8)])
        #expect(buffer.rest == Array("thr\n".utf8))
    }
}
