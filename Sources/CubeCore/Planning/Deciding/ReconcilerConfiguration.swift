package import CubeJSON
package import CubeTypes

/// The configuration file of a reconciler. It is not a manifest, so that no commit can relax the guards that protect against that
/// commit.
package struct ReconcilerConfiguration: Hashable, Sendable {
    package var guards: GuardLimits.Choice

    package init(guards: GuardLimits.Choice = GuardLimits.Choice()) { self.guards = guards }

    static let fields = FieldTable<ReconcilerConfiguration>(
        [
            .remark("$comment", example: "Reviewed by the platform team.", "A comment. Cube ignores it."),
            Field(
                "guards", \.guards, GuardLimits.Choice.fields, example: ["prune_limit": 20],
                "The limits beyond which a change is held until somebody approves it."),
        ], standard: ReconcilerConfiguration())

    /// Decodes strict JSON, by the same rules as manifests.
    ///
    /// - Parameter file: the path that diagnostics show.
    /// - Returns: the configuration, which is valid only if there are no diagnostics.
    package static func decode(
        _ bytes: [UInt8], file: String
    ) -> (configuration: ReconcilerConfiguration, diagnostics: [Diagnostic]) {
        var configuration = ReconcilerConfiguration()
        let diagnostics = ManifestDecoder.read(bytes, file: file, by: fields, into: &configuration)
        return (configuration, diagnostics)
    }
}
