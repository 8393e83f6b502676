import CubeTypes

/// Something to know about an import: what is invalid, missing or different in the manifests.
package struct ImportNote: Error, Hashable, Sendable {
    /// What the note means for the manifests.
    package enum Level: String, Codable, Hashable, Sendable, CaseIterable {
        /// The import cannot continue: the input is invalid.
        case error
        /// The manifest lacks something that the source asks for.
        case omitted
        /// The manifest expresses something with a difference.
        case changed
        /// Something has to be done by hand before the manifest works.
        case todo
        /// Something that makes no difference.
        case info
    }

    /// The kind of a note, as a stable word.
    package struct Reason: OpenSet {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
    }

    package var level: Level
    package var reason: Reason
    /// The name of the service; `nil` if the note concerns the whole project.
    package var service: String?
    /// The key of the source, such as `deploy.update_config.monitor`.
    package var key: String?
    package var message: String
    package var place: SourcePlace

    package init(
        _ level: Level, _ reason: Reason, _ message: String, service: String? = nil, key: String? = nil,
        at place: SourcePlace
    ) {
        self.level = level
        self.reason = reason
        self.message = message
        self.service = service
        self.key = key
        self.place = place
    }
}

extension ImportNote.Reason {
    package static let syntax: Self = "syntax"
    package static let tooLarge: Self = "too_large"
    package static let tooDeep: Self = "too_deep"
    package static let typeMismatch: Self = "type_mismatch"
    package static let invalidValue: Self = "invalid_value"
    package static let unknownKey: Self = "unknown_key"
    package static let missingKey: Self = "missing_key"
    package static let unreadable: Self = "unreadable"
    /// A name refers to a service, network, volume, config or secret that the project does not declare.
    package static let undefinedName: Self = "undefined_name"
    package static let cycle: Self = "cycle"
    /// Two declarations have one name.
    package static let duplicateName: Self = "duplicate_name"
    /// A variable has no value.
    package static let unsetVariable: Self = "unset_variable"
    package static let requiredVariable: Self = "required_variable"

    /// Cube has nothing that corresponds to the key.
    package static let unsupported: Self = "unsupported"
    /// Cube has something similar.
    package static let similar: Self = "similar"
    /// The key has no effect on what runs.
    package static let noEffect: Self = "no_effect"
    package static let renamed: Self = "renamed"
    /// A value refers to a service by a name that it no longer has.
    package static let hostName: Self = "host_name"
    /// The port would be reachable from other machines.
    package static let hostAddress: Self = "host_address"
    package static let labels: Self = "labels"
    package static let build: Self = "build"
    package static let inactiveProfile: Self = "inactive_profile"
    /// A file is copied beside the manifests.
    package static let copiedFile: Self = "copied_file"
    /// A secret has to be put into the worker's directory of secrets.
    package static let secretFile: Self = "secret_file"
    /// A value that looks like a secret is in a manifest.
    package static let plainSecret: Self = "plain_secret"
    /// The worker has to allow something.
    package static let workerOption: Self = "worker_option"
    /// A volume of the engine has data that a new volume of Cube does not have.
    package static let volumeData: Self = "volume_data"
    /// A running container has to be stopped.
    package static let runningContainer: Self = "running_container"
}

extension ImportNote: Encodable {
    private enum CodingKeys: String, CodingKey { case level, reason, service, key, message, file, line, column }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(level, forKey: .level)
        try container.encode(reason, forKey: .reason)
        try container.encodeIfPresent(service, forKey: .service)
        try container.encodeIfPresent(key, forKey: .key)
        try container.encode(message, forKey: .message)
        try container.encode(place.file.name, forKey: .file)
        if place.line > 0 {
            try container.encode(place.line, forKey: .line)
            try container.encode(place.column, forKey: .column)
        }
    }
}
