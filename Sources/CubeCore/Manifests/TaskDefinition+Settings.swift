package import CubeErrors
package import CubeTypes

extension TaskDefinition {
    /// What is wrong with the digest that came for its settings.
    ///
    /// - Parameter field: where the digest stands in what was asked.
    package func problem(ofSettings digest: Digest?, field: String) -> ValidationError? {
        guard let digest, !hasSettings(digest) else { return nil }
        return ValidationError(
            field: field, value: "\(digest)",
            message: "must be \(settingsDigest), which the settings of the definition have as this version reads them")
    }
}
