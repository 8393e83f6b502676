package import CubeJSON
package import CubeTypes

/// What a file says of how a reconciler works. It is no manifest: a commit must not relax what protects from it.
package struct ReconcilerConfiguration: Hashable, Sendable {
    package var guards: GuardLimits.Choice

    package init(guards: GuardLimits.Choice = GuardLimits.Choice()) { self.guards = guards }

    static let fields = FieldTable<ReconcilerConfiguration>(
        [
            .remark("$comment", example: "Reviewed by the platform team.", "A remark for people. Cube ignores it."),
            Field(
                "guards", \.guards, GuardLimits.Choice.fields, example: ["prune_limit": 20],
                "The limits beyond which a change is held until somebody approves it."),
        ], standard: ReconcilerConfiguration())

    /// Reads strict JSON, as manifests are read.
    ///
    /// - Parameter file: its path, as diagnostics show it.
    /// - Returns: what it says, where there is no diagnostic.
    package static func decode(
        _ bytes: [UInt8], file: String
    ) -> (configuration: ReconcilerConfiguration, diagnostics: [Diagnostic]) {
        var configuration = ReconcilerConfiguration()
        let diagnostics = ManifestDecoder.read(bytes, file: file, by: fields, into: &configuration)
        return (configuration, diagnostics)
    }
}
