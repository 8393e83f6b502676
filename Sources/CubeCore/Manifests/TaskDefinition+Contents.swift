package import CubeErrors
package import CubeTypes

extension TaskDefinition {
    /// A definition that came alone, with the digests that follow from it.
    ///
    /// - Parameter path: where it stands in what was asked; empty where it is the whole.
    /// - Throws: `validation_failed` for one that the check of a manifest would refuse.
    package func checked(at path: String) throws(APIError) -> TaskDefinition {
        let definition = try withDigests(at: path)
        let problems = definition.refusals(at: path) + definition.labelProblems(at: path)
        if !problems.isEmpty { throw .invalid(problems) }
        return definition
    }

    /// The same with the digest of each content that it brings: people have a file, and no digest of it.
    ///
    /// - Parameter path: where the definition stands in what was asked; empty where it is the whole.
    /// - Throws: `validation_failed` for a digest that is of something else.
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
    /// - Returns: what is wrong with the digest that it has.
    fileprivate mutating func takeDigest(at path: String) -> [ValidationError] {
        guard secret == nil, let content else { return [] }
        let digest = Digest.sha256(of: content)
        guard self.digest == nil || self.digest == digest else {
            return [
                ValidationError(
                    field: "\(path).digest", value: self.digest?.rawValue,
                    message: "must be \(digest), which the content has, or be left out")
            ]
        }
        self.digest = digest
        return []
    }
}

extension String {
    /// The path of this field of what stands at another path; the field itself where that is the whole.
    func below(_ path: String) -> String { path.isEmpty ? self : "\(path).\(self)" }
}
