package import CubeTypes

/// The declarations by name, as they result from all files together.
package struct Declarations: Sendable {
    /// The names that are declared, or kept because their declarations are unknown. Any other name is absent.
    package private(set) var workloads: [WorkloadName: DesiredWorkload] = [:]
    /// Names whose definitions are readable but invalid: declared twice, or with an unresolved dependency.
    package private(set) var disputed: Set<WorkloadName> = []
    private var elements = DigestElements()

    /// The digest of all declarations.
    package var digest: Digest { elements.digest }

    /// Returns the part of ``digest`` that a name contributes; `nil` if the name is not declared.
    func element(of name: WorkloadName) -> SetDigest? { elements[name] }

    mutating func set(_ name: WorkloadName, to workload: DesiredWorkload?) {
        workloads[name] = workload
        disputed.set(name, workload?.isDisputed ?? false)
        elements.set(name, to: workload.map { SetDigest(of: $0.element(name)) })
    }
}
