import ArgumentParser
import CubeText
import CubeTypes
import CubeVersion
import Testing

@testable import cube

/// Tests what a package records in the program, the versions of a cluster, and the comparison with a release.
@Suite struct VersionTests {
    private static let json = #"{"type":"deb","name":"cube","commit":"0a1b","date":"2026-01-02T03:04:05Z"}"#

    /// A note as a linker writes it.
    private static func note(owner: String = "FDO", type: UInt32 = 0xcafe_1a7e, content: String = json) -> [UInt8] {
        func padded(_ text: String) -> [UInt8] {
            let bytes = Array(text.utf8) + [0]
            return bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        }
        let numbers = [UInt32(owner.utf8.count + 1), UInt32(content.utf8.count + 1), type]
        return numbers.flatMap { withUnsafeBytes(of: $0) { Array($0) } } + padded(owner) + padded(content)
    }

    @Test func `the note of the packager is found among other notes`() {
        let expected = PackageNote(segment: Self.note())
        #expect(expected?.commit == "0a1b")
        #expect(expected?.date == "2026-01-02T03:04:05Z")
        let others = Self.note(owner: "GNU", type: 3, content: "1234567890") + Self.note(owner: "FDO", type: 1)
        #expect(PackageNote(segment: others + Self.note()) == expected)
        #expect(PackageNote(segment: others) == nil)
    }

    @Test func `a note that is cut or holds something else is no note`() {
        let whole = Self.note()
        for count in 0..<(whole.count - 4) { #expect(PackageNote(segment: Array(whole.prefix(count))) == nil) }
        #expect(PackageNote(segment: Self.note(content: #"{"name":"other"}"#)) == nil)
        #expect(PackageNote(segment: [UInt8](repeating: 0xff, count: 64)) == nil)
    }

    @Test func `a program that was not packaged says so`() {
        #expect(VersionReport(note: nil).lines.last?.text == "built from source: only packages record their commit")
        let report = VersionReport(note: PackageNote(segment: Self.note()))
        #expect(report.lines.last?.text == "commit 0a1b of 2026-01-02T03:04:05Z")
        #expect(report.table == nil)
    }

    @Test func `each component is compared with the one that calls it`() {
        var report = VersionReport(own: VersionInfo(version: "0.1.0", api: 1, oldestAPI: 1), note: nil)
        let nodes = [("w1", "0.1.0"), ("w2", "99.0.0"), ("w3", "?")].map { Self.node($0.0, version: $0.1) }
        report.add(manager: VersionInfo(version: "3.0.0", api: 3, oldestAPI: 2), nodes: nodes)
        #expect(report.components.map(\.name) == ["manager", "worker w1", "worker w2", "worker w3"])
        #expect(report.components.map(\.caller) == ["cube", "manager", "manager", "manager"])
        #expect(report.components.map(\.isCompatible) == [false, false, nil, nil])
        #expect(report.components[0].problem?.hasSuffix("upgrade the client") == true)
        #expect(report.components[1].problem?.hasSuffix("upgrade the server") == true)

        report = VersionReport(note: nil)
        report.add(manager: VersionInfo(), nodes: [Self.node("w1", version: ProductVersion.current)])
        #expect(report.components.map(\.isCompatible) == [true, true])
        #expect(
            report.table?.lines().map(\.text) == [
                "COMPONENT  VERSION  API  WORKS WITH", "manager    0.1.0    v1   cube",
                "worker w1  0.1.0    v1   manager",
            ])
    }

    private static func node(_ name: String, version: String) -> NodeInfo {
        NodeInfo(
            name: NodeName(rawValue: name)!, state: .ready, url: "http://127.0.0.1:1", version: version, runtimes: [],
            labels: [:], capacity: ResourceSpec(), reserved: ResourceSpec(), tasks: 0, lastSeenAt: nil, revision: 1)
    }

    @Test func `the newest release of a list of files is found`() {
        let sums = """
            0123  cube-0.2.0-linux-x86_64.tar.gz
            4567 *dist/cube-0.10.0-rc.1-linux-aarch64.tar.gz
            89ab  cube_99.0.0_amd64.deb
            """
        #expect(UpgradeCommand.newestRelease(in: sums) == SemanticVersion(0, 10, 0, prerelease: ["rc", "1"]))
        #expect(UpgradeCommand.newestRelease(in: "cube-linux-x86_64 cube-1-linux-x") == nil)
    }

    @Test func `a release is compared only with a file that is named`() {
        #expect(throws: (any Error).self) { try CubeCommand.parseAsRoot(["upgrade", "--check"]) }
        #expect(throws: (any Error).self) { try CubeCommand.parseAsRoot(["upgrade", "--against", "SHA256SUMS"]) }
    }

    @Test(arguments: [
        ("30000000", nil, Duration.seconds(15)), ("30000000", "7", .seconds(15)), ("30000000", "8", nil),
        ("0", nil, nil), ("-1", nil, nil), ("soon", nil, nil), (nil, nil, nil),
    ])
    func `the watchdog is notified twice within its limit`(limit: String?, process: String?, interval: Duration?) {
        #expect(ServiceNotice.watchdogInterval(limit: limit, of: process, own: 7) == interval)
    }
}
