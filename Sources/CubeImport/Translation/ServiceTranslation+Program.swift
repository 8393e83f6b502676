import CubeCore
import CubeTypes

/// What runs: the image, the command, its environment and its user.
extension ServiceTranslation {
    mutating func translateImage(_ value: ComposeValue) {
        guard let image = text("image", value), !image.isEmpty else { return }
        manifest["image"] = .string(image)
    }

    mutating func translateBuild(_ value: ComposeValue) {
        guard manifest["image"] != nil else { return }
        note(
            .omitted, .build, "Cube builds no images; build and push the image yourself", key: "build", at: value.place)
    }

    mutating func translatePullPolicy(_ value: ComposeValue) {
        guard let policy = text("pull_policy", value) else { return }
        switch policy {
        case "always": manifest["pull"] = .object(("policy", .string("always")))
        case "missing", "if_not_present": break
        case "never": manifest["pull"] = .object(("policy", .string("never")))
        case "build": omit("pull_policy", "Cube builds no images", at: value)
        default:
            if policy == "refresh" || policy == "daily" || policy == "weekly" || policy.hasPrefix("every_") {
                manifest["pull"] = .object(("policy", .string("always")))
                note(
                    .changed, .similar, "\(policy) → always: Cube pulls when it creates a container",
                    key: "pull_policy",
                    at: value.place)
            } else {
                invalid("pull_policy", value, "must be always, missing, never, build, daily, weekly or every_…")
            }
        }
    }

    mutating func translateEntrypoint(_ value: ComposeValue) {
        guard let words = arguments("entrypoint", value) else { return }
        guard !words.isEmpty else {
            omit(
                "entrypoint", "a manifest cannot remove the entrypoint of the image; name the program instead",
                at: value)
            return
        }
        manifest["entrypoint"] = .strings(words)
    }

    mutating func translateCommand(_ value: ComposeValue) {
        guard let words = arguments("command", value) else { return }
        if words.isEmpty {
            if service["entrypoint"]?.text == nil, service["entrypoint"]?.elements == nil {
                omit("command", "a manifest cannot remove the command of the image", at: value)
            }
            return
        }
        manifest["command"] = .strings(words)
    }

    /// Returns the words of a command, which is a list, or a text that is split as a shell does it.
    private mutating func arguments(_ key: String, _ value: ComposeValue) -> [String]? {
        if value.elements != nil { return strings(key, value).map(\.withoutReferences) }
        guard let text = text(key, value) else { return nil }
        guard let words = ShellWords.split(text) else {
            invalid(key, value, "has a quote that is not closed")
            return nil
        }
        return words.map(\.withoutReferences)
    }

    mutating func translateWorkingDirectory(_ value: ComposeValue) {
        guard let path = text("working_dir", value) else { return }
        guard path.hasPrefix("/") else {
            return omit("working_dir", "\(path.quoted) must be an absolute path", at: value)
        }
        manifest["working_dir"] = .string(path)
    }

    mutating func translateUser(_ value: ComposeValue) {
        guard let user = text("user", value), !user.isEmpty else { return }
        guard AccountName(user) != nil else { return omit("user", "\(user.quoted) \(AccountName.rule)", at: value) }
        manifest["user"] = .string(user)
    }

    // MARK: Environment

    mutating func translateEnvironment(_ value: ComposeValue) {
        let mapping = value.asMapping
        guard let members = mapping.members else {
            return mismatch("environment", value, expected: "a mapping or a list")
        }
        var variables: [String: String] = [:]
        for member in members {
            let key = "environment.\(member.key)"
            guard let text = variable(member) else { continue }
            if member.key.isEmpty || Self.reservedVariables.contains(member.key) {
                note(.omitted, .unsupported, "Cube sets this variable itself", key: key, at: member.place)
            } else {
                variables[member.key] = text.withoutReferences
                noteSecret(member, text)
            }
        }
        if !variables.isEmpty { manifest["env"] = .strings(variables) }
    }

    private static let reservedVariables: Set = ["CUBE_NAME", "CUBE_ORDINAL", "CUBE_OWNER", "CUBE_TASK_ID"]

    /// Returns the value of a variable; one without a value is taken from the environment of the import.
    private mutating func variable(_ member: ComposeValue.Member) -> String? {
        let key = "environment.\(member.key)"
        guard member.value.isNull else {
            let text = text(key, member.value)
            if let text, let written = member.value.text, text != written, Int(text) != nil || Double(text) != nil {
                note(
                    .info, .similar, "Compose reads \(written) as the number \(text); quote it if the text is meant",
                    key: key,
                    at: member.value.place)
            }
            return text
        }
        if let value = context.project.variables[member.key] { return value }
        note(
            .info, .unsetVariable, "left out as in Compose, because the variable has no value and is not set here",
            key: key, at: member.place)
        return nil
    }

    private mutating func noteSecret(_ member: ComposeValue.Member, _ text: String) {
        guard !text.isEmpty else { return }
        let key = "environment.\(member.key)"
        if Self.isSecretName(member.key) || text.hasPassword {
            note(
                .todo, .plainSecret,
                "its value is in the manifest as plain text; move it to a file in the worker's directory of "
                    + "secrets, and name the file in `env_from` as secret:\(self.name).env",
                key: key, at: member.place)
        } else if member.value.isNull {
            note(
                .todo, .plainSecret,
                "its value, which comes from the shell or the .env file, is in the manifest as plain text; if it is a "
                    + "secret, move it to a file in the worker's directory of secrets, and name the file in "
                    + "`env_from` as secret:\(self.name).env",
                key: key, at: member.place)
        }
    }

    /// Whether the name of a variable says that its value is a secret.
    private static func isSecretName(_ variable: String) -> Bool {
        let name = variable.uppercased()
        // Shells set the variables PWD and OLDPWD to directories.
        guard !name.hasSuffix("_FILE"), name != "PWD", name != "OLDPWD" else { return false }
        let words = ["PASS", "PWD", "SECRET", "TOKEN", "APIKEY", "_KEY"]
        return words.contains(where: name.contains)
    }

    mutating func translateEnvironmentFiles(_ value: ComposeValue) {
        for element in value.asList.elements ?? [] {
            guard let path = element["path"]?.text ?? element.text else {
                mismatch("env_file", element, expected: "a path")
                continue
            }
            if element.members != nil {
                read("env_file", element, by: ["path": { _, _ in }, "required": { _, _ in }, "format": { _, _ in }])
            }
            let isRequired = element["required"]?.boolean ?? true
            let isRaw = element["format"]?.text == "raw"
            addEnvironmentFile(path, at: element, isRequired: isRequired, isRaw: isRaw)
        }
    }

    private mutating func addEnvironmentFile(
        _ path: String, at element: ComposeValue, isRequired: Bool, isRaw: Bool
    ) {
        let file = path.absolutePath(from: element.place.file.directory, home: context.home)
        if !isRequired, context.sources.content(file) == .missing {
            note(.info, .noEffect, "\(path) does not exist, and is not required", key: "env_file", at: element.place)
            return
        }
        let variables: [(name: String, value: String)]
        do throws(ImportNote) {
            let bytes = try context.sources.bytes(file, namedAt: element.place)
            variables = try environment(bytes, isRaw: isRaw, file: file)
        } catch {
            var error = error
            error.key = "env_file"
            notes.append(withService(error))
            return
        }
        guard !context.sources.isPrivate(file) else { return addSecretEnvironment(path, at: element) }
        let lines = variables.map { "\($0.name)=\(Self.environmentValue($0.value))\n" }.joined()
        guard hasRoom(for: Array(lines.utf8)) else {
            return omit("env_file", "\(path) exceeds 1 MiB, the limit for all files of a workload", at: element)
        }
        let copy = addFile(named: file.lastPathComponent, Array(lines.utf8), isExecutable: false)
        manifest.append("env_from", .string(copy))
        note(
            .changed, .copiedFile,
            "\(path) is copied to \(copy), with its variables replaced; if it contains secrets, move it to the worker's "
                + "directory of secrets and write \"secret:\(name).env\" in `env_from`",
            key: "env_file", at: element.place)
    }

    /// Refers to an environment file as a secret, because a copy of it would be readable by all.
    private mutating func addSecretEnvironment(_ path: String, at element: ComposeValue) {
        secretEnvironments += 1
        // The names of workloads contain no dots.
        let secret = secretEnvironments == 1 ? "\(name).env" : "\(name).\(secretEnvironments).env"
        manifest.append("env_from", .string("secret:\(secret)"))
        note(
            .todo, .secretFile,
            "\(path) is not copied, because its permissions grant nothing to others; copy it, with its variables "
                + "replaced, to \(secret) in the worker's directory of secrets (.cube/secrets)",
            key: "env_file", at: element.place)
    }

    private func environment(
        _ bytes: [UInt8], isRaw: Bool, file: String
    ) throws(ImportNote) -> [(name: String, value: String)] {
        if isRaw {
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
                guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { return nil }
                return (String(line[..<equals]), String(line[line.index(after: equals)...]))
            }
        }
        let known = context.project.variables
        do throws(DotEnvironment.Problem) {
            return try DotEnvironment(bytes, outer: { known[$0] }).variables
        } catch {
            let source = SourceFile(name: context.sources.name(file), directory: file.parentPath)
            throw ImportNote(
                .error, .syntax, error.rule, key: "env_file", at: SourcePlace(source, line: error.line, column: 1))
        }
    }

    /// Writes a value for an environment file of Cube, quoted if necessary.
    private static func environmentValue(_ value: String) -> String {
        let isSimple = value.utf8.allSatisfy { byte in
            (0x21...0x7e).contains(byte) && !"#'\"\\`".utf8.contains(byte)
        }
        if isSimple { return value }
        if !value.contains("'"), !value.contains("\r") { return "'\(value)'" }
        var quoted = "\""
        for character in value.unicodeScalars {
            switch character {
            case "\"", "\\": quoted += "\\\(character)"
            case "\r": quoted += "\\r"
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }

    // MARK: Files

    /// Whether a manifest can name one more file of this size, as the files of a workload have a limit.
    func hasRoom(for bytes: [UInt8]) -> Bool {
        files.reduce(bytes.count) { $0 + $1.bytes.count } <= TaskDefinition.maximumContent
    }

    /// Adds a file beside the manifests, in a directory that is not read for manifests.
    ///
    /// - Returns: The path for the manifest.
    mutating func addFile(named wanted: String, _ bytes: [UInt8], isExecutable: Bool) -> String {
        let directory = ".files/\(name)/"
        var path = directory + wanted
        var number = 2
        while let present = files.first(where: { $0.path == path }) {
            if present.bytes == bytes { return path }
            path = "\(directory)\(number)-\(wanted)"
            number += 1
        }
        files.append(Import.File(path: path, bytes: bytes, isExecutable: isExecutable))
        return path
    }
}

extension String {
    /// Whether the text contains a URL with a password, such as `postgres://user:password@host`.
    fileprivate var hasPassword: Bool {
        var rest = unicodeScalars[...]
        while let colon = rest.firstIndex(of: ":") {
            rest = rest[rest.index(after: colon)...]
            guard rest.starts(with: "//".unicodeScalars) else { continue }
            let authority = rest.dropFirst(2).prefix { !"/ \t\n\"'".unicodeScalars.contains($0) }
            guard let end = authority.lastIndex(of: "@") else { continue }
            let user = authority[..<end]
            if let separator = user.firstIndex(of: ":"), user.index(after: separator) < user.endIndex { return true }
        }
        return false
    }
}
