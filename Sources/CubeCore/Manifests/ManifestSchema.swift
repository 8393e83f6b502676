import CubeJSON

/// The description of manifests for editors and other programs, made of the same table that reads them.
package enum ManifestSchema {
    /// A JSON Schema, draft 2020-12.
    package static func json() -> String {
        let manifest: CanonicalJSON = ["$ref": "#/$defs/manifest"]
        let schema: CanonicalJSON = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Cube manifests",
            "description": "A file holds one manifest or an array of them.",
            "anyOf": [manifest, ["type": "array", "items": manifest]],
            "$defs": ["manifest": .object(Manifest.fields.schema)],
        ]
        return schema.text
    }
}
