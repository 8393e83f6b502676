package import CubeErrors
package import CubeTypes

extension TaskDefinition {
    /// Returns an error if a digest is given and is not the settings digest of the definition.
    ///
    /// - Parameter field: the path of the digest in the request.
    package func problem(ofSettings digest: Digest?, field: String) -> ValidationError? {
        guard let digest, !hasSettings(digest) else { return nil }
        return ValidationError(
            field: field, value: "\(digest)",
            message: "must be \(settingsDigest), the settings digest of the definition in this version of Cube")
    }
}
