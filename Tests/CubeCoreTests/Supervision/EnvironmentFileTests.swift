import CubeCore
import Testing

struct EnvironmentFileTests {
    @Test(
        arguments: [
            ("", [:]), ("A=1\nB=two words \n", ["A": "1", "B": "two words "]), ("A=1\r\nA=2", ["A": "2"]),
            ("# A=1\n\n  \nA=\"x=y\"", ["A": "\"x=y\""]), ("A=", ["A": ""]), ("#=", [:]),
        ] as [(String, [String: String])])
    func `a line is a variable, its value stands as it is`(text: String, variables: [String: String]) {
        #expect(EnvironmentFile.read(Array(text.utf8)) == .success(variables))
    }

    @Test(
        arguments: [
            ("A=1\nhunter2\n", "must be KEY=VALUE in line 2"), ("=hunter2", "must be KEY=VALUE in line 1"),
            ("export A=hunter2", "must be KEY=VALUE in line 1"), ("A=\0", "is not text in UTF-8"),
        ])
    func `what is no variable is told by its line, never by what it says`(text: String, problem: String) {
        guard case .failure(let found) = EnvironmentFile.read(Array(text.utf8)) else {
            Issue.record("read")
            return
        }
        #expect(found.description == problem)
    }

    @Test func `bytes that are no text are refused`() {
        guard case .failure = EnvironmentFile.read([0x41, 0x3d, 0xff]) else {
            Issue.record("read")
            return
        }
    }
}
