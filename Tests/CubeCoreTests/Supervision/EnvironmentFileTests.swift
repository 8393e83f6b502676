import CubeCore
import Testing

struct EnvironmentFileTests {
    @Test(
        arguments: [
            ("", [:]), ("A=1\nB=two words \n", ["A": "1", "B": "two words"]), ("A=1\r\nA=2\r\n", ["A": "2"]),
            ("# A=1\n\n  \n \t# B=1\nA=x=y", ["A": "x=y"]), ("A=", ["A": ""]), ("#=", [:]),
            ("\u{FEFF}A=1", ["A": "1"]), ("export A=1\nexport\tB=2\nexport=3", ["A": "1", "B": "2", "export": "3"]),
            ("A = 1\n  B=2\nA.b-c_1 = 3", ["A": "1", "B": "2", "A.b-c_1": "3"]),
            // Comments, and values that look like comments.
            ("A=1 # one\nB=a#b\nC=#c\nD= # none", ["A": "1", "B": "a#b", "C": "#c", "D": ""]),
            // Single quotes are literal and may span lines.
            ("A='a \\n $B # \"c\" '\nB='one\r\ntwo' # end", ["A": "a \\n $B # \"c\" ", "B": "one\ntwo"]),
            // Double quotes have escapes.
            (#"A="a\n\t\"b\" \\ \$C \x # " # end"#, ["A": "a\n\t\"b\" \\ $C \\x # "]),
            ("A=\"one\ntwo\"\nB=\"\"", ["A": "one\ntwo", "B": ""]),
            // Quotes inside a value and references are literal.
            ("A=it's\nB=say \"hi\"\nC=${A}", ["A": "it's", "B": "say \"hi\"", "C": "${A}"]),
        ] as [(String, [String: String])])
    func `the common syntax of dotenv files is read`(text: String, variables: [String: String]) {
        #expect(EnvironmentFile.read(Array(text.utf8)) == .success(variables))
    }

    @Test(
        arguments: [
            ("A=1\nhunter2\n", "web.env:2:1: the line must be NAME=VALUE"),
            ("  =hunter2", "web.env:1:3: the line must be NAME=VALUE"),
            ("export A hunter2", "web.env:1:1: the line must be NAME=VALUE"),
            ("A=1\r\n\r\nB=\"hunter2\nC=3\n", "web.env:3:3: the quote is not closed"),
            ("A='hunter2' hunter3", "web.env:1:13: only a comment may follow the closing quote"),
            (
                "ä=1\n2FA=hunter2",
                "web.env:2:1: a name must consist of letters, digits, _, . and -, and not begin with a digit"
            ),
            (
                "A\u{FEFF}=hunter2",
                "web.env:1:2: a name must consist of letters, digits, _, . and -, and not begin with a digit"
            ),
            ("A=1\nB=\0", "web.env:2:3: the character U+0000 is not allowed"),
        ])
    func `an error names its position and never shows content of the file`(text: String, problem: String) {
        guard case .failure(let found) = EnvironmentFile.read(Array(text.utf8)) else {
            Issue.record("read")
            return
        }
        #expect(found.text(in: "web.env") == problem)
    }

    @Test func `invalid UTF-8 is rejected with its position`() {
        let bytes: [UInt8] = Array("A=1\nB=é".utf8) + [0xff]
        guard case .failure(let found) = EnvironmentFile.read(bytes) else {
            Issue.record("read")
            return
        }
        #expect(found.text(in: "web.env") == "web.env:2:4: the file is not valid UTF-8")
    }
}
