/// Merging of Compose files: mappings are merged by key, lists are appended, and other values are replaced, with the exceptions of the
/// specification.
enum ComposeMerge {
    /// Merges two files.
    static func files(_ base: ComposeValue, _ over: ComposeValue) -> ComposeValue {
        merge(base, over, []) ?? .null(at: over.place)
    }

    /// Merges two services, the second of which overrides the first.
    static func services(_ base: ComposeValue, _ over: ComposeValue) -> ComposeValue {
        merge(base, over, ["services", "*"]) ?? .null(at: over.place)
    }

    /// Returns a file without the members that are tagged `!reset`.
    static func withoutRemoved(_ value: ComposeValue) -> ComposeValue {
        var copy = value
        switch value.content {
        case .scalar: break
        case .sequence(let elements):
            copy.content = .sequence(elements.filter { $0.merging != .removing }.map(withoutRemoved))
        case .mapping(let members):
            copy.content = .mapping(
                members.filter { $0.value.merging != .removing }.map { member in
                    var member = member
                    member.value = withoutRemoved(member.value)
                    return member
                })
        }
        return copy
    }

    /// - Returns: `nil` if the value is removed.
    private static func merge(_ base: ComposeValue, _ over: ComposeValue, _ path: [String]) -> ComposeValue? {
        switch over.merging {
        case .removing: return nil
        case .replacing: return over
        case .normal: break
        }
        let rule = Rule(path)
        if over.isNull, rule != .variable { return base }
        switch rule {
        case .replace, .variable: return over
        case .replaceOtherDriver:
            if let before = base["driver"]?.text, let after = over["driver"]?.text, before != after { return over }
        case .list: return append(base.asList, over.asList)
        case .unique(let key): return unique(base, over, key)
        case .pairs: return mappings(base.asMapping, over.asMapping, path)
        case .plain: break
        }
        if base.members != nil, over.members != nil { return mappings(base, over, path) }
        if base.elements != nil, over.elements != nil { return append(base, over) }
        return over
    }

    private static func mappings(_ base: ComposeValue, _ over: ComposeValue, _ path: [String]) -> ComposeValue {
        var members = base.members ?? []
        for member in over.members ?? [] {
            guard let index = members.firstIndex(where: { $0.key == member.key }) else {
                members.append(member)
                continue
            }
            // The name of a service, network or volume has no influence on the rule.
            let name = path.count == 1 ? "*" : member.key
            if let merged = merge(members[index].value, member.value, path + [name]) {
                members[index].value = merged
            } else {
                members.remove(at: index)
            }
        }
        return ComposeValue(.mapping(members), at: over.place)
    }

    /// Appends the elements that the first list does not have.
    private static func append(_ base: ComposeValue, _ over: ComposeValue) -> ComposeValue {
        var elements = base.elements ?? []
        for element in over.elements ?? [] {
            if let text = element.text, elements.contains(where: { $0.text == text }) { continue }
            elements.append(element)
        }
        return ComposeValue(.sequence(elements), at: over.place)
    }

    /// Appends elements, where an element with the key of an earlier one replaces it, or is merged with it if both are mappings.
    private static func unique(
        _ base: ComposeValue, _ over: ComposeValue, _ key: (ComposeValue) -> String?
    ) -> ComposeValue {
        var elements = base.elements ?? []
        for element in over.elements ?? [] {
            if let name = key(element), let index = elements.firstIndex(where: { key($0) == name }) {
                let areMappings = elements[index].members != nil && element.members != nil
                elements[index] = areMappings ? mappings(elements[index], element, ["", ""]) : element
            } else {
                elements.append(element)
            }
        }
        return ComposeValue(.sequence(elements), at: over.place)
    }

    private enum Rule: Equatable {
        case plain
        case replace
        /// Options of another driver do not apply.
        case replaceOtherDriver
        /// A list, or a single element of it.
        case list
        /// A list whose elements have a unique key.
        case unique((ComposeValue) -> String?)
        /// The value of an environment variable, for which null has a meaning.
        case variable
        /// A mapping, or a list of `NAME=VALUE` or of names.
        case pairs

        init(_ path: [String]) {
            guard path.count >= 3, path[0] == "services" else {
                self = .plain
                return
            }
            switch path[2...].joined(separator: ".") {
            case "command", "entrypoint", "healthcheck.test": self = .replace
            case "logging": self = .replaceOtherDriver
            case "env_file", "dns", "dns_search", "tmpfs", "label_file": self = .list
            case "ports": self = .unique(ComposePort.uniqueKey)
            case "volumes": self = .unique(ComposeMount.uniqueKey)
            case "devices":
                self = .unique {
                    $0["target"]?.text ?? $0.text?.split(separator: ":").dropFirst().first.map(String.init)
                }
            case "configs", "secrets": self = .unique { $0["target"]?.text ?? $0["source"]?.text ?? $0.text }
            case "environment", "labels", "annotations", "sysctls", "networks", "depends_on", "extra_hosts",
                "deploy.labels",
                "build.args", "build.labels":
                self = .pairs
            default: self = path.count == 4 && path[2] == "environment" ? .variable : .plain
            }
        }

        static func == (left: Rule, right: Rule) -> Bool {
            switch (left, right) {
            case (.plain, .plain), (.replace, .replace), (.replaceOtherDriver, .replaceOtherDriver), (.list, .list),
                (.variable, .variable), (.pairs, .pairs):
                true
            default: false
            }
        }
    }
}

extension ComposeValue {
    /// A list as it is, or a list of the single scalar or mapping.
    var asList: ComposeValue {
        elements != nil || isNull ? self : ComposeValue(.sequence([self]), at: place)
    }

    /// A mapping as it is, or that of a list of `NAME=VALUE`, where a name without a value is null.
    var asMapping: ComposeValue {
        guard let elements else { return self }
        var members: [Member] = []
        for element in elements {
            let text = element.text ?? ""
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map(String.init) ?? ""
            let value =
                parts.count == 2 ? ComposeValue(String(parts[1]), at: element.place) : .null(at: element.place)
            let member = Member(key: name, place: element.place, value: value)
            if let index = members.firstIndex(where: { $0.key == name }) {
                members[index] = member
            } else {
                members.append(member)
            }
        }
        return ComposeValue(.mapping(members), at: place)
    }
}
