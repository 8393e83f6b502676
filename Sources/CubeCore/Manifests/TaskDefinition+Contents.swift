package import CubeErrors
package import CubeTypes

extension TaskDefinition {
    /// Validates a definition that was submitted without a manifest, and adds the digests of its contents.
    ///
    /// - Parameters:
    ///   - path: the path of the definition in the request; empty if it is the whole body.
    ///   - review: the errors that are known already, and the position of the operation in the request.
    /// - Throws: `validation_failed` if the same content would be invalid in a manifest.
    package func checked(
        at path: String, _ review: (known: DefinitionReview, position: Int) = (DefinitionReview(), 0)
    ) throws(APIError) -> TaskDefinition {
        let definition = try withDigests(at: path)
        let problems = review.known.refusals(of: definition, in: review.position, at: path)
        if !problems.isEmpty { throw .invalid(problems) }
        return definition
    }

    /// Adds the digest of each included content, so that clients need not compute it.
    ///
    /// - Parameter path: the path of the definition in the request; empty if it is the whole body.
    /// - Throws: `validation_failed` if a digest does not match its content.
    private func withDigests(at path: String) throws(APIError) -> TaskDefinition {
        var definition = self
        var problems: [ValidationError] = []
        for index in envFrom.indices {
            problems += definition.envFrom[index].takeDigest(at: "env_from[\(index)]".below(path))
        }
        for index in files.indices {
            problems += definition.files[index].source.takeDigest(at: "files[\(index)]".below(path))
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return definition
    }
}

extension ContentSource {
    /// Sets the digest of the content.
    ///
    /// - Returns: an error if the existing digest does not match the content.
    fileprivate mutating func takeDigest(at path: String) -> [ValidationError] {
        guard secret == nil, let content else { return [] }
        let digest = Digest.sha256(of: content)
        guard self.digest == nil || self.digest == digest else {
            return [
                ValidationError(
                    field: "\(path).digest", value: self.digest?.rawValue,
                    message: "must be \(digest), the digest of the content, or be omitted")
            ]
        }
        self.digest = digest
        return []
    }
}

extension String {
    /// Returns the path of this field below another path. An empty path is the whole body.
    func below(_ path: String) -> String { path.isEmpty ? self : "\(path).\(self)" }
}
