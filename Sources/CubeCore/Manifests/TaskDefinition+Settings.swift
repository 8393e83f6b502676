import CubeErrors
import CubeTypes

extension TaskDefinition {
    /// Returns an error if a digest is given and is not the settings digest of the definition.
    ///
    /// - Parameters:
    ///   - field: The path of the digest in the request.
    ///   - fields: The fields of a manifest.
    func problem(ofSettings digest: Digest?, field: String, _ fields: ManifestFields) -> ValidationError? {
        guard let digest, !fields.hasSettings(self, digest) else { return nil }
        return ValidationError(
            field: field, value: "\(digest)",
            message:
                "must be \(fields.settingsDigest(of: self)), the settings digest of the definition in this version of "
                + "Cube")
    }
}
