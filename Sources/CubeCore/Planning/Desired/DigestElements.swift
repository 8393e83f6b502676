import CubeTypes

/// The digest of all declarations, and the part that each name contributes to it.
struct DigestElements: Sendable {
    private var sum = SetDigest()
    private var elements: [WorkloadName: SetDigest] = [:]

    /// The digest of all declarations.
    var digest: Digest { sum.digest }

    subscript(name: WorkloadName) -> SetDigest? { elements[name] }

    mutating func set(_ name: WorkloadName, to element: SetDigest?) {
        if let old = elements.removeValue(forKey: name) { sum -= old }
        guard let element else { return }
        elements[name] = element
        sum += element
    }
}
