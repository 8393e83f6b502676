import CubeCore
import CubeTypes
import Glibc
import SystemPackage
import Testing

@testable import cube

/// Tests the sources of the guard limits, with real files.
@Suite struct GuardOptionsTests {
    private let scratch: FilePath

    init() throws {
        var template = Array("/tmp/cube-guards.XXXXXX".utf8CString)
        scratch = FilePath(String(cString: try #require(mkdtemp(&template))))
        try scratch.appending("manifests").makeDirectory()
    }

    @Test func `a flag takes precedence over the environment, and the environment over the file`() throws {
        let file = scratch.appending("cube.conf.json")
        try write(#"{"guards": {"prune_limit": 4, "prune_percent": 40, "prune_window": "4s"}}"#, to: file)
        #expect(
            try limits(["CUBE_CONFIG": file.string, "CUBE_PRUNE_PERCENT": "20"], count: 1)
                == GuardLimits.Choice(count: 1, percent: 20, window: .seconds(4)))
        #expect(try limits([:]) == GuardLimits.Choice(), "the manager's limits stay in effect")
        #expect(try limits([:], count: 1) == GuardLimits.Choice(count: 1), "the manager's other limits stay in effect")
    }

    @Test func `a configuration file in the manifests directory is refused, also through a link`() throws {
        let file = scratch.appending("manifests/cube.conf.json")
        try write("{}", to: file)
        #expect(throws: Failure.self) { try limits([:], config: file.string) }
        let link = scratch.appending("conf")
        #expect(symlink(scratch.appending("manifests").string, link.string) == 0)
        #expect(throws: Failure.self) { try limits([:], config: link.appending("cube.conf.json").string) }
    }

    @Test func `errors are reported with their location`() throws {
        let file = scratch.appending("cube.conf.json")
        try write("{\"guards\": {\"prune_limit\": -1,\n\"prune_persent\": 1}}", to: file)
        let failure = #expect(throws: Failure.self) { try limits([:], config: file.string) }
        let lines = failure?.message.split(separator: "\n").filter { $0.contains("error: ") } ?? []
        #expect(lines.count == 2 && lines[0].hasPrefix("\(file):1:28: ") && lines[1].hasPrefix("\(file):2:1: "))
        #expect(throws: (any Error).self) { try limits(["CUBE_PRUNE_WINDOW": "soon"]) }
        #expect(throws: (any Error).self) { try limits(["CUBE_PRUNE_PERCENT": "101"]) }
        #expect(throws: Failure.self) { try limits([:], config: scratch.appending("none").string) }
    }

    private func write(_ text: String, to file: FilePath) throws {
        try NamedFile.write(Array(text.utf8), to: file)
    }

    private func limits(
        _ environment: [String: String], count: Int? = nil, config: String? = nil
    ) throws -> GuardLimits.Choice {
        var place = PlaceOptions()
        (place.manifestsOption, place.dataOption) = (scratch.appending("manifests").string, nil)
        var options = GuardOptions()
        (options.pruneLimit, options.prunePercent, options.pruneWindow) = (count, nil, nil)
        options.configOption = config
        return try options.limits(place) { environment[$0] }
    }
}
