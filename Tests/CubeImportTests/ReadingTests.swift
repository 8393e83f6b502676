import Testing

@testable import CubeCore
@testable import CubeImport

@Suite struct ReadingTests {
    @Test(arguments: [
        ("$A", "a"), ("${A}", "a"), ("x${A}y$A", "xaya"), ("$$A $${A}", "$A ${A}"), ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NONE-d}", "d"), ("${NONE:-d}", "d"), ("${NONE:-${A}}", "a"), ("${NONE:-${NONE2:-${A}b}c}", "abc"),
        ("${A:-d}", "a"), ("${A:+r}", "r"), ("${EMPTY:+r}", ""), ("${EMPTY+r}", "r"), ("${NONE+r}", ""),
        ("${NONE:+${A}}", ""),
        ("${A:?m}", "a"), ("${EMPTY?m}", ""), ("${NONE}", ""), ("${NONE:-{\"k\": 1}}", "{\"k\": 1}"),
        ("no dollar", "no dollar"),
        ("${NONE:-a$$b}", "a$b"), ("${NONE:-}", ""), ("$A_", ""), ("$A-b", "a-b"),
    ])
    func `variables are replaced as in Compose`(text: String, expected: String) throws {
        var interpolation = Interpolation { ["A": "a", "EMPTY": ""][$0] }
        #expect(try interpolation.expand(text) == expected)
    }

    @Test(arguments: ["$", "a$", "$1", "$(date)", "${", "${}", "${A", "${A!b}", "${A:b}", "${1}", "${NONE:-${}}"])
    func `a dollar sign without a variable is invalid`(text: String) {
        var interpolation = Interpolation { _ in nil }
        #expect(throws: Interpolation.Problem.self) { try interpolation.expand(text) }
    }

    @Test func `a missing variable is an error if the text demands it`() {
        var interpolation = Interpolation { ["EMPTY": "", "WHO": "me"][$0] }
        #expect(throws: Interpolation.Problem.required(name: "NONE", message: "ask me")) {
            try interpolation.expand("${NONE?ask ${WHO}}")
        }
        #expect(throws: Interpolation.Problem.required(name: "EMPTY", message: "")) {
            try interpolation.expand("${EMPTY:?}")
        }
    }

    @Test func `an environment file has the syntax of Compose`() throws {
        let text = """
            \u{FEFF}# comment
            A=1
            export B = two words  # comment
            C='$A # literal'
            D="line\\nbreak $A ${NONE:-d} \\$A"
            E: yaml
            F
            G
            H=a#b
            I=
            J="first
            second"
            K=$A-${C}
            A=again\r
            """
        let file = try DotEnvironment(Array(text.utf8)) { ["F": "outer"][$0] }
        #expect(
            file.variables.map { "\($0.name)=\($0.value)" } == [
                "A=1", "B=two words", "C=$A # literal", "D=line\nbreak 1 d $A", "E=yaml", "F=outer", "H=a#b", "I=",
                "J=first\nsecond", "K=1-$A # literal", "A=again",
            ])
    }

    @Test(arguments: [("A=1\nB='x", 2), ("A B", 1), ("=x", 1), ("\n\nA=${B:?}", 3)])
    func `an invalid environment file is refused with its line`(text: String, line: Int) throws {
        do throws(DotEnvironment.Problem) {
            _ = try DotEnvironment(Array(text.utf8)) { _ in nil }
            Issue.record("the file is valid")
        } catch {
            #expect(error.line == line)
        }
    }

    @Test(arguments: [
        ("022", "18"), ("0o22", "18"), ("0x1F", "31"), ("1.10", "1.1"), ("1.0", "1"), ("1_000", "1000"), ("-5", "-5"),
        ("yes", "yes"),
        ("True", "true"), ("1.2.3", "1.2.3"), ("5s", "5s"), ("08", "8"), ("", ""), ("+1", "1"),
        ("10.0.0.1", "10.0.0.1"),
    ])
    func `unquoted numbers lose their notation`(text: String, expected: String) {
        #expect(PlainScalar.normalised(text) == expected)
    }

    @Test(arguments: [
        ("a  b\tc", ["a", "b", "c"]), ("'a b' \"c d\"e", ["a b", "c de"]),
        (#"a\ b "x\"y" 'z\w'"#, ["a b", #"x"y"#, #"z\w"#]),
        ("--x=\"a b\"", ["--x=a b"]), ("''", [""]), ("", []), ("'it'\\''s'", ["it's"]),
    ])
    func `a command line is split as a shell does it`(text: String, words: [String]) {
        #expect(ShellWords.split(text) == words)
    }

    @Test func `a quote that is not closed is invalid`() {
        #expect(ShellWords.split("a 'b") == nil)
        #expect(ShellWords.split("a \\") == nil)
    }

    @Test func `escaped references survive the expansion of a task's environment`() {
        let seed: UInt64 = 11
        var state = seed
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let parts = ["$", "(", ")", "A", "B b", "$(A)", "$$(A)", "x"]
        for _ in 0..<20_000 {
            let text = (0..<next(8)).map { _ in parts[next(parts.count)] }.joined()
            let expanded = TaskEnvironment.expand(text.withoutReferences) { ["A": "1", "B": "2"][$0] }
            #expect(expanded == text, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("512m", 536_870_912), ("1.5g", 1_610_612_736), ("1gb", 1_073_741_824), ("64KiB", 65_536), ("100", 100),
        ("2 k", 2048),
    ])
    func `sizes are in powers of 1024`(text: String, bytes: Int64) { #expect(ComposeUnits.bytes(text) == bytes) }

    @Test(arguments: [("1m30s", 90_000), ("1.5s", 1500), ("500ms", 500), ("2h", 7_200_000), ("10us", 0), ("0", 0)])
    func `durations have the notation of Go`(text: String, milliseconds: Int) {
        #expect(ComposeUnits.duration(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "30", "s", "1x", "1m x"])
    func `an invalid duration is refused`(text: String) { #expect(ComposeUnits.duration(text) == nil) }

    @Test(arguments: [
        ("0.5", "0.5"), ("1.5", "1.5"), ("2", "2"), ("0.0001", "0.001"), ("0.25", "0.25"), ("1.001", "1.001"),
    ])
    func `cores have at most three decimals`(text: String, written: String) throws {
        #expect(ComposeUnits.cores(try #require(ComposeUnits.millicores(text))) == .number(written))
    }
}
