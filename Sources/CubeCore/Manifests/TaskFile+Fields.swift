import CubeJSON
import CubeTypes

extension TaskFile {
    static let fields = FieldTable<TaskFile>(
        [
            Field(
                "source", \.source, .contentSource, isRequired: true, example: "web.conf",
                "A file by its path from the manifest's directory, or `secret:NAME` for a file in the worker's directory "
                    + "of secrets."),
            Field(
                "target", \.target, .target, isRequired: true,
                "Where the task finds the file: a path from the task's directory."),
            Field("mode", \.mode, .mode, "The permissions of the file, in octal."),
        ], standard: TaskFile(source: ContentSource(""), target: ""), wireMembers: ContentSource.wireMembers)

    /// Reports what the files of a task cannot be together.
    static func check(_ definition: TaskDefinition, _ object: JSONValue, _ reader: inout FieldReader) {
        var targets: Set<ExactText> = []
        let written = object["files"].map { Array($0.elements) } ?? []
        for (index, (file, value)) in zip(definition.files, written).enumerated() {
            guard let target = value["target"] else { continue }
            if !targets.insert(ExactText(file.target)).inserted {
                reader.report(
                    .invalidValue, "\(Quoted(file.target)) is a duplicate", at: target.range, below: .field("files"),
                    .index(index), .field("target"))
            }
            if definition.image == nil, file.target.utf8.first == UInt8(ascii: "/") {
                reader.report(
                    .invalidValue, "\(Quoted(file.target)) must be relative",
                    detail: "a process is given files in its own directory; only a container has a root of its own",
                    at: target.range, below: .field("files"), .index(index), .field("target"))
            }
        }
    }
}

extension FieldType<[TaskFile]> {
    static let files = array(
        of: FieldType<TaskFile>.object(TaskFile.fields, example: ["source": "web.conf", "target": "web.conf"]),
        "objects")
}

extension ContentSource {
    /// What the wire has beside a file's name: a definition brings its files along.
    fileprivate static let wireMembers: [String: CanonicalJSON] = [
        "digest": [
            "type": "string", "pattern": "^sha256:[0-9a-f]{64}$", "description": "Of the content; a secret has none.",
        ],
        "content": [
            "type": "string", "contentEncoding": "base64",
            "description": "Left out of a secret, and wherever a task is only shown.",
        ],
    ]
}

extension FieldType<[ContentSource]> {
    /// On the wire an object where more than the name is known.
    static let sources = array(
        of: FieldType<ContentSource>.contentSource.onWire([
            "oneOf": [
                .object(FieldType<ContentSource>.contentSource.schema),
                [
                    "type": "object", "required": ["source"],
                    "properties": .object(
                        ContentSource.wireMembers.merging([
                            "source": .object(FieldType<ContentSource>.contentSource.schema)
                        ]) { $1 }),
                ],
            ]
        ]), "paths")
}

extension FieldType<ContentSource> {
    /// In a digest a file stands by its content and a secret by its name.
    fileprivate static let contentSource = string(
        "path, or `secret:NAME`", example: "web.env", schema: ["minLength": 1], rule: contentSourceRule,
        parse: contentSource(named:),
        write: { .string($0.secret == nil ? $0.digest?.rawValue ?? $0.name : $0.name) }
    ).examined { source, checker in
        if contentSource(named: source.name) == nil { checker.report(contentSourceRule) }
    }

    private static let contentSourceRule =
        "must be \"secret:NAME\" or a path from the manifest's own directory that does not leave it"

    @Sendable private static func contentSource(named text: String) -> ContentSource? {
        let source = ContentSource(text)
        if let secret = source.secret { return ContentSource.isSecretName(secret) ? source : nil }
        return text.isRelativePath ? source : nil
    }
}

extension FieldType<String> {
    fileprivate static let target = string(
        "path", example: "web.conf", schema: ["minLength": 1], rule: "must be a path without \".\" or \"..\"",
        parse: { text in
            let isAbsolute = text.utf8.first == UInt8(ascii: "/")
            return String(isAbsolute ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]).isRelativePath
                ? text : nil
        }, write: { .string($0) })
}

extension FieldType<Int> {
    fileprivate static let mode = FieldType<Int>.string(
        "three octal digits", example: "0400", schema: ["pattern": "^0?[0-7]{3}$"],
        rule: "must be three octal digits, such as \"0444\"",
        parse: { TaskFile.mode($0) },
        write: { .string(TaskFile(source: ContentSource(""), target: "", mode: $0).modeText) })
}

extension String {
    /// Whether it leads to something below where it begins, in the plainest way.
    package var isRelativePath: Bool {
        // As bytes: to Swift, a slash with a combining mark after it is one character, and no slash.
        let components = utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return !utf8.contains(0)
            && components.allSatisfy {
                !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
            }
    }
}
