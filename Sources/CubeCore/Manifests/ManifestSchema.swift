import CubeJSON

/// The JSON Schema of manifests for editors and other programs, generated from the tables that decode manifests.
package enum ManifestSchema {
    /// Returns the schema as text, in JSON Schema draft 2020-12.
    package static func json() -> String {
        let manifest: CanonicalJSON = ["$ref": "#/$defs/manifest"]
        let schema: CanonicalJSON = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Cube manifests",
            "description": "A file contains one manifest or an array of manifests.",
            "anyOf": [manifest, ["type": "array", "items": manifest]],
            "$defs": ["manifest": .object(Manifest.fields.schema)],
        ]
        return schema.text
    }
}
