import CubeJSON
import CubeTypes

extension DesiredState {
    /// Explains to people why a name is kept unchanged.
    func explanation(of kept: KeptReason) -> String {
        switch kept {
        case .unreadable(let files): "\(trouble(with: files)); the workload stays unchanged"
        case .groupInvalid(let directory, let files):
            "\(trouble(with: files)), and "
                + "\(directory.isRoot ? "all manifests form" : "\(directory) is") an atomic group; the whole group stays unchanged"
        case .unresolvedDependency(let diagnostics):
            "\(diagnostics.map(\.message).joined(separator: "; ")); the workload stays unchanged"
        case .disputed(let places):
            "several manifests declare the name (\(places.map { "\($0.filename):\($0.start.line)" }.joined(separator: ", "))); "
                + "the workload stays unchanged"
        }
    }

    /// Describes files that have problems, such as `web.json is invalid (3 errors), db.json cannot be read`. A file that was read
    /// and is invalid is distinguished from a file that could not be read.
    private func trouble(with files: [BytePath]) -> String {
        files.map { file in
            let diagnostics = self.files.unreadable[file] ?? []
            let isInvalid = !diagnostics.isEmpty && !diagnostics.contains { $0.reason == .unreadable }
            return isInvalid ? "\(file) is invalid (\(Count(diagnostics.count, "error")))" : "\(file) cannot be read"
        }
        .joined(separator: ", ")
    }
}
