package import CubeJSON

/// What a manifest file holds.
package struct DecodedFile: Hashable, Sendable {
    /// In the order of the file; empty when any diagnostic is an error.
    package var workloads: [Workload]
    /// All problems at once, in the order of their places.
    package var diagnostics: [Diagnostic]

    package init(workloads: [Workload], diagnostics: [Diagnostic]) {
        self.workloads = workloads
        self.diagnostics = diagnostics
    }
}
