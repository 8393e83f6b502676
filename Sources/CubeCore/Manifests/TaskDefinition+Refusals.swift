package import CubeErrors
import CubeJSON
package import CubeTypes

extension TaskDefinition {
    /// Returns the errors that a manifest with this definition would have: errors in single fields or, if there are none,
    /// conflicts between fields.
    ///
    /// - Parameter path: the path of the definition in the request; empty if it is the whole body.
    package func refusals(at path: String) -> [ValidationError] {
        let problems = problems(at: path)
        guard problems.isEmpty else { return problems }
        return problemsTogether(at: path) + limitProblems(at: path) + contentProblems(at: path)
    }

    /// Returns the conflicts between fields. It writes the definition as a manifest, and reads that manifest.
    private func problemsTogether(at path: String) -> [ValidationError] {
        // Leave out the fields that cannot conflict with the others, and the amounts, whose conflicts are checked separately.
        var definition = self
        (definition.env, definition.labels, definition.resources, definition.limits) = ([:], [:], .zero, .none)
        let standard = TaskDefinition(name: name, kind: kind)
        var members = Self.replacingFields.written(definition.fields, without: standard.fields)
        members.merge(Self.settingFields.written(definition.fields, without: standard.fields)) { $1 }
        // A command alone conflicts with nothing. Most definitions have only that, and reading them would take longest.
        if kind == .service, members.count == 1, members["command"] != nil, command.first?.isEmpty == false {
            return []
        }
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

    private func limitProblems(at path: String) -> [ValidationError] {
        TaskLimits.conflicts(in: self).map {
            ValidationError(field: "limits.\($0.field)".below(path), value: nil, message: $0.rule)
        }
    }

    /// Returns the errors in the included environment files.
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
    ///   - bytes: the manifest that has the problem.
    ///   - path: the path of the definition in the request.
    fileprivate init(_ problem: Problem, in bytes: [UInt8], at path: String) {
        // A missing key has no value.
        let value = problem.reason == .missingKey ? "" : String(decoding: bytes[problem.range], as: UTF8.self)
        var rule = problem.rule
        if !value.isEmpty, rule.hasPrefix("\(value) ") { rule.removeFirst(value.count + 1) }
        if case .words(let words) = problem.detail, !words.isEmpty { rule += "; \(words)" }
        self.init(
            field: problem.field.below(path), value: value.isEmpty ? nil : value.shortened(to: 80), message: rule)
    }
}
