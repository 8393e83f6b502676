import Glibc
import SystemPackage
import Testing

@testable import CubeSystem

@Suite(.timeLimit(.minutes(1)))
struct ChildProcessTests {
    @Test func `a program that is started apart gets the environment that is named and nothing else`() throws {
        let child = try ChildProcess(
            "sh", ["-c", "env; cat; ls /proc/self/fd >&2; exit 3"], environment: ["A": "b", "PATH": "/usr/bin:/bin"])
        var output: [UInt8] = []
        _ = child.exchange(Array("in\n".utf8)) { bytes in
            output += bytes
            child.closeInput()
            return false
        }
        let lines = Set(String(decoding: output, as: UTF8.self).split(separator: "\n"))
        #expect(lines.isSuperset(of: ["A=b", "in"]))
        #expect(!lines.contains { $0.hasPrefix("HOME=") })
        #expect(child.errorText == "0\n1\n2\n3\n")
        #expect(child.status == 3)
        #expect(throws: Errno.noSuchFileOrDirectory) { _ = try ChildProcess("/no-such-program", [], environment: [:]) }
    }

    @Test(arguments: [0, 1_000_000])
    func `a program reads the end of its input after the last bytes`(count: Int) throws {
        let child = try ChildProcess("wc", ["-c"], environment: ["PATH": "/usr/bin:/bin"])
        var output: [UInt8] = []
        #expect(
            !child.exchange(Array(repeating: 120, count: count), isLast: true) { bytes in
                output += bytes
                return false
            })
        #expect(child.status == 0 && String(decoding: output, as: UTF8.self) == "\(count)\n")
    }

    @Test func `a program that starts a daemon can keep it`() throws {
        let scratch = try Scratch()
        let (pipe, gate) = (scratch.path.appending("pipe").string, scratch.path.appending("gate").string)
        #expect(mkfifo(pipe, 0o600) == 0 && mkfifo(gate, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let writer = open(gate, O_RDWR | O_CLOEXEC)
        defer { for descriptor in [reader, writer] { close(descriptor) } }
        let child = try ChildProcess(
            "sh", ["-c", "exec 3>\(pipe); { read line <\(gate); echo $line >&3; } & exit 0"],
            environment: ["PATH": "/usr/bin:/bin"], endsDescendants: false)
        #expect(!child.exchange(isLast: true) { _ in false })
        #expect(child.status == 0)
        #expect(write(writer, "alive\n", 6) == 6)
        var polled = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        #expect(poll(&polled, 1, 30_000) == 1 && polled.revents & Int16(POLLIN) != 0)
    }

    @Test func `what a program started ends with it`() throws {
        let scratch = try Scratch()
        let pipe = scratch.path.appending("pipe").string
        #expect(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        let child = try ChildProcess(
            "sh", ["-c", "exec 3>\(pipe); sleep 1000 & exit 0"], environment: ["PATH": "/usr/bin:/bin"])
        // The second program holds its standard output open, too.
        #expect(!child.exchange { _ in false })
        #expect(child.status == 0)
        // The pipe hangs up once nobody can write to it any more.
        var polled = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        #expect(poll(&polled, 1, 30_000) == 1 && polled.revents & Int16(POLLHUP) != 0)
    }
}
