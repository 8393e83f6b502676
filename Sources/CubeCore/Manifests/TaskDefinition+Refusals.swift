package import CubeErrors
import CubeJSON
package import CubeTypes

extension TaskDefinition {
    /// Why the check of a manifest would refuse it, wherever it comes from: what is wrong with single fields, or else with several
    /// of them together.
    ///
    /// - Parameter path: where it stands in what was asked; empty where it is the whole.
    package func refusals(at path: String) -> [ValidationError] {
        let problems = problems(at: path)
        return problems.isEmpty ? problemsTogether(at: path) + contentProblems(at: path) : problems
    }

    /// Reads what a person would write for it, as a manifest is read.
    private func problemsTogether(at path: String) -> [ValidationError] {
        // What is of no account to others, or has been looked at by itself.
        var definition = self
        (definition.env, definition.labels, definition.resources) = ([:], [:], .zero)
        var standard = Manifest.empty
        standard.definition = TaskDefinition(name: name, kind: kind)
        var members = Manifest.fields.written(Manifest(definition: definition), without: standard)
        members["name"] = .string(name.rawValue)
        members["kind"] = .string(kind.rawValue)
        let bytes = CanonicalJSON.object(members).bytes
        var reader = FieldReader()
        do throws(Problem) {
            var manifest = Manifest.empty
            Manifest.fields.read(try JSONDocument(reading: bytes).root, into: &manifest, &reader)
        } catch {
            reader.report(error)
        }
        return reader.problems.map { ValidationError($0, in: bytes, at: path) }
    }

    /// What is wrong with the files that it brings.
    private func contentProblems(at path: String) -> [ValidationError] {
        envFrom.enumerated().compactMap { index, source in
            guard source.secret == nil, let content = source.content,
                case .failure(let problem) = EnvironmentFile.read(content)
            else { return nil }
            return ValidationError(
                field: "env_from[\(index)]".below(path), value: nil,
                message: problem.text(in: source.name.shortened(to: 80)))
        }
    }
}

extension ValidationError {
    /// - Parameters:
    ///   - bytes: what was read.
    ///   - path: where that stands in what was asked.
    fileprivate init(_ problem: Problem, in bytes: [UInt8], at path: String) {
        // What is missing has no value.
        let value = problem.reason == .missingKey ? "" : String(decoding: bytes[problem.range], as: UTF8.self)
        var rule = problem.rule
        if !value.isEmpty, rule.hasPrefix("\(value) ") { rule.removeFirst(value.count + 1) }
        if case .words(let words) = problem.detail, !words.isEmpty { rule += "; \(words)" }
        self.init(
            field: problem.field.below(path), value: value.isEmpty ? nil : value.shortened(to: 80), message: rule)
    }
}
