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

    @Test func `the whole reference names the defaults that belong to no field`() {
        #expect(ManifestReferenceText.whole.markdown.contains("- **Prune guard**: Within 10m, Cube prunes at most 3"))
    }
}
