import CubeJSON
import CubeTypes

extension TaskFile {
    static let fields = FieldTable<TaskFile>(
        [
            Field(
                "source", \.source, .contentSource, isRequired: true, example: "web.conf",
                "The path of a file, relative to the manifest's directory, or `secret:NAME` for a file in the worker's secrets "
                    + "directory."),
            Field(
                "target", \.target, .target, isRequired: true,
                "The path of the file for the task: relative to the task's directory for a process, absolute for a "
                    + "container."),
            Field("mode", \.mode, .mode, "The permissions of the file, in octal."),
        ], standard: TaskFile(source: ContentSource(""), target: ""), wireMembers: ContentSource.wireMembers)

    /// Reports duplicate targets, absolute targets of a process, and relative targets of a container.
    static func check(_ definition: TaskDefinition, _ object: JSONValue, _ reader: inout FieldReader) {
        guard !definition.files.isEmpty else { return }
        var targets: Set<ExactText> = []
        let written = object["files"].map { Array($0.elements) } ?? []
        for (index, (file, value)) in zip(definition.files, written).enumerated() {
            guard let target = value["target"] else { continue }
            if !targets.insert(ExactText(file.target)).inserted {
                reader.report(
                    .invalidValue, "\(Quoted(file.target)) is a duplicate", at: target.range, below: .field("files"),
                    .index(index), .field("target"))
            }
            let isAbsolute = file.target.utf8.first == UInt8(ascii: "/")
            if definition.image != nil, !isAbsolute {
                reader.report(
                    .invalidValue, "\(Quoted(file.target)) must be absolute",
                    detail: "the files of a container are mounted into its root directory",
                    at: target.range, below: .field("files"), .index(index), .field("target"))
            }
            if definition.image == nil, isAbsolute {
                reader.report(
                    .invalidValue, "\(Quoted(file.target)) must be relative",
                    detail:
                        "the files of a process are in its own directory; only a container has its own root directory",
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
    /// The members that a file has only on the wire, where a definition includes the content of its files.
    fileprivate static let wireMembers: [String: CanonicalJSON] = [
        "digest": [
            "type": "string", "pattern": "^sha256:[0-9a-f]{64}$",
            "description": "The SHA-256 digest of the content. A secret has none.",
        ],
        "content": [
            "type": "string", "contentEncoding": "base64",
            "description": "The content of the file. Omitted for a secret, and in responses that show the task.",
        ],
    ]
}

extension FieldType<[ContentSource]> {
    /// Environment files. On the wire, a source is an object if it has a digest or content.
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
    /// The source of a file. The canonical form, which digests are made of, is the content digest of a file and the name of a
    /// secret.
    fileprivate static let contentSource = string(
        "path, or `secret:NAME`", example: "web.env", schema: ["minLength": 1], rule: contentSourceRule,
        parse: contentSource(named:),
        write: { .string($0.secret == nil ? $0.digest?.rawValue ?? $0.name : $0.name) }
    ).examined { source, checker in
        if contentSource(named: source.name) == nil { checker.report(contentSourceRule) }
    }

    private static let contentSourceRule =
        "must be \"secret:NAME\" or a relative path to a file inside the manifest's directory"

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
    /// Whether the text is a relative path without empty, `.` and `..` components.
    package var isRelativePath: Bool {
        // Compare bytes: to Swift, a slash and a combining mark after it are one character, which is not equal to a slash.
        let components = utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return !utf8.contains(0)
            && components.allSatisfy {
                !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
            }
    }
}
