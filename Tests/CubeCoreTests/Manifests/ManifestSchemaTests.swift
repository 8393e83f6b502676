import CubeJSON
import Testing

@testable import CubeCore

@Suite struct ManifestSchemaTests {
    @Test func `the schema describes exactly the supported fields`() throws {
        let schema = try JSONDocument(reading: Array(ManifestSchema.json().utf8)).root
        let manifest = try #require(schema["$defs"]?["manifest"])
        let described = manifest["properties"]?.members.map(\.key.text)
        #expect(described == Manifest.fields.fields.filter(\.isSupported).map(\.key).sorted())
        #expect(manifest["required"]?.elements.map(\.string) == ["name"])
        #expect(manifest["additionalProperties"]?.boolean == false)
        let restart = manifest["properties"]?["restart"]
        #expect(restart?["properties"]?["max"]?["maximum"]?.number?.integer() == 1_000_000)
        #expect(restart?["properties"]?["backoff_max"]?["pattern"]?.string == "^[0-9]{1,12}(ms|s|m|h)$")
    }
}
