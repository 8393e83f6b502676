import CubeCore
import Testing

struct EnvironmentFileTests {
    @Test(
        arguments: [
            ("", [:]), ("A=1\nB=two words \n", ["A": "1", "B": "two words"]), ("A=1\r\nA=2\r\n", ["A": "2"]),
            ("# A=1\n\n  \n \t# B=1\nA=x=y", ["A": "x=y"]), ("A=", ["A": ""]), ("#=", [:]),
            ("\u{FEFF}A=1", ["A": "1"]), ("export A=1\nexport\tB=2\nexport=3", ["A": "1", "B": "2", "export": "3"]),
            ("A = 1\n  B=2\nA.b-c_1 = 3", ["A": "1", "B": "2", "A.b-c_1": "3"]),
            // Comments, and what looks like one.
            ("A=1 # one\nB=a#b\nC=#c\nD= # none", ["A": "1", "B": "a#b", "C": "#c", "D": ""]),
            // Single quotes take all as it stands, over several lines.
            ("A='a \\n $B # \"c\" '\nB='one\r\ntwo' # end", ["A": "a \\n $B # \"c\" ", "B": "one\ntwo"]),
            // Double quotes have escapes.
            (#"A="a\n\t\"b\" \\ \$C \x # " # end"#, ["A": "a\n\t\"b\" \\ $C \\x # "]),
            ("A=\"one\ntwo\"\nB=\"\"", ["A": "one\ntwo", "B": ""]),
            // Quotes in the midst of a value, and references, are themselves.
            ("A=it's\nB=say \"hi\"\nC=${A}", ["A": "it's", "B": "say \"hi\"", "C": "${A}"]),
        ] as [(String, [String: String])])
    func `what dotenv files have in common is read`(text: String, variables: [String: String]) {
        #expect(EnvironmentFile.read(Array(text.utf8)) == .success(variables))
    }

    @Test(
        arguments: [
            ("A=1\nhunter2\n", "web.env:2:1: the line must be NAME=VALUE"),
            ("  =hunter2", "web.env:1:3: the line must be NAME=VALUE"),
            ("export A hunter2", "web.env:1:1: the line must be NAME=VALUE"),
            ("A=1\r\n\r\nB=\"hunter2\nC=3\n", "web.env:3:3: the quote is not closed"),
            ("A='hunter2' hunter3", "web.env:1:13: only a comment may follow the closing quote"),
            ("ä=1\n2FA=hunter2", "web.env:2:1: a name has letters, digits, _, . and -, and begins with no digit"),
            ("A\u{FEFF}=hunter2", "web.env:1:2: a name has letters, digits, _, . and -, and begins with no digit"),
            ("A=1\nB=\0", "web.env:2:3: the character U+0000 is not allowed"),
        ])
    func `what is wrong is told by its place, never by what the file says`(text: String, problem: String) {
        guard case .failure(let found) = EnvironmentFile.read(Array(text.utf8)) else {
            Issue.record("read")
            return
        }
        #expect(found.text(in: "web.env") == problem)
    }

    @Test func `bytes that are no text are refused where they begin`() {
        let bytes: [UInt8] = Array("A=1\nB=é".utf8) + [0xff]
        guard case .failure(let found) = EnvironmentFile.read(bytes) else {
            Issue.record("read")
            return
        }
        #expect(found.text(in: "web.env") == "web.env:2:4: the file is not text in UTF-8 from here on")
    }
}
