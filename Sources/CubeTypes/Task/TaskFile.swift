import CubeErrors

/// A file that the worker writes into the task's directory before each start.
///
/// - Since: 0.1
public struct TaskFile: Hashable, Sendable {
    /// The source of the content.
    public var source: ContentSource
    /// The path of the file, relative to the directory of the task; for a container, an absolute path.
    public var target: String
    /// The permissions of the file. Default: 0444.
    public var mode: Int

    public init(source: ContentSource, target: String, mode: Int = 0o444) {
        self.source = source
        self.target = target
        self.mode = mode
    }

    /// The permissions as written in manifests, such as `0444`.
    public var modeText: String { "0" + String(String(0o1000 + mode, radix: 8).suffix(3)) }

    /// Parses permissions as written in manifests: three octal digits, optionally preceded by a 0.
    package static func mode(_ text: String) -> Int? {
        let digits = text.count == 4 && text.hasPrefix("0") ? text.dropFirst() : text[...]
        return digits.count == 3 && digits.utf8.allSatisfy { (0x30...0x37).contains($0) } ? Int(digits, radix: 8) : nil
    }
}

/// The source of content: a file beside the manifest, whose content is sent with the definition, or a secret of the worker.
///
/// - Since: 0.1
public struct ContentSource: Hashable, Sendable {
    /// The name in the manifest: a path relative to the directory of the manifest, or `secret:NAME`.
    public var name: String
    /// The digest of the file's content; `nil` for a secret.
    public var digest: Digest?
    /// The content of the file; omitted when a task is only shown.
    public var content: [UInt8]?

    /// Creates a source from its name and, if known, its content and digest.
    public init(_ name: String, content: [UInt8]? = nil, digest: Digest? = nil) {
        self.name = name
        self.content = content
        self.digest = digest
    }

    /// The name of the secret; `nil` if the source is a file.
    public var secret: String? {
        name.hasPrefix(Self.secretPrefix) ? String(name.dropFirst(Self.secretPrefix.count)) : nil
    }

    private static let secretPrefix = "secret:"

    /// Whether a name is valid for a file in the worker's secret directory.
    package static func isSecretName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") }
    }

    /// The same source without its content.
    public var withoutContent: ContentSource {
        var source = self
        source.content = nil
        return source
    }
}

extension TaskDefinition {
    /// The same definition without the content of its files, for display.
    public var withoutContents: TaskDefinition {
        guard !files.isEmpty || !envFrom.isEmpty else { return self }
        var definition = self
        definition.envFrom = envFrom.map(\.withoutContent)
        for index in files.indices { definition.files[index].source.content = nil }
        return definition
    }

    /// All sources of content: `env_from`, then `files`.
    public var contentSources: [ContentSource] { envFrom + files.map(\.source) }

    /// The names of the secrets that the node of the task must have.
    package var secretNames: Set<String> {
        Set(contentSources.compactMap(\.secret) + [pull.auth.flatMap { ContentSource($0).secret }].compactMap(\.self))
    }
}

extension TaskFile: Codable {
    enum CodingKeys: String, CodingKey { case target, mode }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let mode: Int? = try container.passingOver(.mode) {
            guard let written = try container.readTextIfPresent(forKey: .mode) else { return nil }
            guard let mode = Self.mode(written) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .mode, in: container,
                    debugDescription: "\"\(written.prefix(80))\" must be three octal digits")
            }
            return mode
        }
        self.init(
            source: try ContentSource(from: decoder), target: try container.decode(String.self, forKey: .target),
            mode: mode ?? 0o444)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try source.encodeFields(to: encoder)
        try container.encode(target, forKey: .target)
        try container.encode(modeText, forKey: .mode)
    }
}

/// Encoded as the name alone if nothing else is known, as in manifests; otherwise as an object with the content in Base64.
extension ContentSource: Codable {
    enum CodingKeys: String, CodingKey {
        case digest, content
        case name = "source"
    }

    public init(from decoder: any Decoder) throws {
        do {
            self.init(try decoder.singleValueContainer().decode(String.self))
        } catch DecodingError.typeMismatch {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                try container.decode(String.self, forKey: .name),
                content: try container.readIfPresent(Base64.self, forKey: .content)?.bytes,
                digest: try container.readIfPresent(Digest.self, forKey: .digest))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if content == nil, digest == nil {
            var container = encoder.singleValueContainer()
            try container.encode(name)
        } else {
            try encodeFields(to: encoder)
        }
    }

    fileprivate func encodeFields(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(digest, forKey: .digest)
        try container.encodeIfPresent(content.map(Base64.init), forKey: .content)
    }
}
