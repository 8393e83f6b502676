import Yams

/// Turns the text of a YAML file into values. Aliases are followed and merge keys (`<<`) are resolved.
struct YAMLReader {
    /// The maximum number of values of a file, counting those that aliases repeat. It stops files that grow exponentially.
    static let maximumValues = 200_000
    /// The maximum depth of nesting.
    static let maximumDepth = 100

    private let file: SourceFile
    private var count = 0

    /// Reads the documents of a file.
    ///
    /// - Throws: A note for text that is not YAML, or that is too large or too deep.
    static func read(_ bytes: [UInt8], from file: SourceFile) throws(ImportNote) -> [ComposeValue] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ImportNote(.error, .syntax, "the file is not valid UTF-8", at: SourcePlace(file))
        }
        var reader = YAMLReader(file: file)
        var documents: [ComposeValue] = []
        do {
            let parser = try Parser(yaml: text)
            while let node = try parser.nextRoot() { documents.append(try reader.value(node, depth: 0)) }
        } catch let note as ImportNote {
            throw note
        } catch {
            throw ImportNote(error, in: file)
        }
        return documents
    }

    private init(file: SourceFile) { self.file = file }

    private mutating func value(_ node: Node, depth: Int) throws(ImportNote) -> ComposeValue {
        let place = place(node)
        count += 1
        guard count <= Self.maximumValues else {
            throw ImportNote(
                .error, .tooLarge, "the file has more than \(Self.maximumValues) values, counting repeated aliases",
                at: place)
        }
        guard depth <= Self.maximumDepth else {
            throw ImportNote(
                .error, .tooDeep, "values are nested more than \(Self.maximumDepth) levels deep", at: place)
        }
        var value: ComposeValue
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain && scalar.tag.description != "tag:yaml.org,2002:str"
            value = ComposeValue(.scalar(.init(text: scalar.string, isPlain: isPlain)), at: place)
        case .sequence(let sequence):
            var elements: [ComposeValue] = []
            for element in sequence { elements.append(try self.value(element, depth: depth + 1)) }
            value = ComposeValue(.sequence(elements), at: place)
        case .mapping(let mapping):
            value = ComposeValue(.mapping(try members(mapping, depth: depth)), at: place)
        case .alias:
            throw ImportNote(.error, .syntax, "an alias without its anchor", at: place)
        }
        value.merging = Self.merging(node)
        return value
    }

    /// Returns the members of a mapping: its own, then those of its merge keys that it does not have itself.
    private mutating func members(_ mapping: Node.Mapping, depth: Int) throws(ImportNote) -> [ComposeValue.Member] {
        var members: [ComposeValue.Member] = []
        var merged: [ComposeValue.Member] = []
        for (key, node) in mapping {
            guard case .scalar(let name) = key else {
                throw ImportNote(.error, .typeMismatch, "a key must be a string", at: place(key))
            }
            let value = try value(node, depth: depth + 1)
            if name.string == "<<", name.style == .plain {
                merged += try Self.mergedMembers(value)
            } else {
                members.append(.init(key: name.string, place: place(key), value: value))
            }
        }
        var names = Set(members.map(\.key))
        for member in merged where names.insert(member.key).inserted { members.append(member) }
        return members
    }

    private static func mergedMembers(_ value: ComposeValue) throws(ImportNote) -> [ComposeValue.Member] {
        if let members = value.members { return members }
        guard let elements = value.elements else {
            throw ImportNote(.error, .typeMismatch, "<< must be a mapping or a list of mappings", at: value.place)
        }
        var merged: [ComposeValue.Member] = []
        for element in elements {
            guard let members = element.members else {
                throw ImportNote(.error, .typeMismatch, "<< must be a mapping or a list of mappings", at: element.place)
            }
            merged += members
        }
        return merged
    }

    private func place(_ node: Node) -> SourcePlace {
        SourcePlace(file, line: node.mark?.line ?? 0, column: node.mark?.column ?? 0)
    }

    private static func merging(_ node: Node) -> ComposeValue.Merging {
        let tag =
            switch node {
            case .scalar(let scalar): scalar.tag.description
            case .sequence(let sequence): sequence.tag.description
            case .mapping(let mapping): mapping.tag.description
            case .alias: ""
            }
        return switch tag {
        case "!reset": .removing
        case "!override": .replacing
        default: .normal
        }
    }
}

extension ImportNote {
    /// Describes an error of the YAML parser.
    fileprivate init(_ error: any Error, in file: SourceFile) {
        func note(_ problem: String, _ mark: Mark?) -> ImportNote {
            ImportNote(
                .error, .syntax, problem, at: SourcePlace(file, line: mark?.line ?? 0, column: mark?.column ?? 0))
        }
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self = note(context.map { "\($0.text) \(problem)" } ?? problem, mark)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            self = note("duplicate key \(keys)", context.mark)
        case .reader(let problem, _, _, _): self = note(problem, nil)
        default: self = note("\(error)", nil)
        }
    }
}
