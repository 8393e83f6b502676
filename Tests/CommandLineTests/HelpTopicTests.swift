import ArgumentParser
import CubeText
import Testing

@testable import cube

@Suite struct HelpTopicTests {
    @Test func `help for a topic is distinguished from help for a command`() {
        guard case .manifest(let fields)? = ["help", "manifest", "stop"].helpTopic else {
            Issue.record("no topic")
            return
        }
        #expect(fields == ["stop"])
        #expect(["help", "status"].helpTopic == nil)
        #expect(["schema"].helpTopic == nil)
    }

    @Test(arguments: ["--help", "-h"])
    func `the help of the program is what the parser prints for the flag`(flag: String) throws {
        guard case .program? = [flag].helpTopic else {
            Issue.record("no topic")
            return
        }
        var command = try CubeCommand.parseAsRoot([flag])
        let error = try #require(throws: (any Error).self) { try command.run() }
        #expect(CubeCommand.fullMessage(for: error) == CubeCommand.helpMessage())
        #expect([flag, "status"].helpTopic == nil)
    }

    @Test func `the whole reference names the defaults that belong to no field`() {
        #expect(ManifestReferenceText.whole.markdown.contains("- **Prune guard**: Within 10m, Cube prunes at most 3"))
    }
}
