package import CubeCore

extension SourceRevision {
    /// The source in words, such as `manifests at 4be1c02 (changed)` or `https://host/deploy.git, manifests, at
    /// 4be1c02`.
    package var words: String {
        let commit = commit.map { " at \($0.prefix(7))\(dirty == true ? " (changed)" : "")" } ?? ""
        guard let url else { return path + commit }
        let details = [path.isEmpty ? nil : path, branch.map { "branch \($0)" }].compactMap { $0 }
        return ([url] + details).joined(separator: ", ") + (commit.isEmpty ? "" : ",\(commit)")
    }
}
