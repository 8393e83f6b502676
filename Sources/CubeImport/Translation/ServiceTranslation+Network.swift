/// How the service is reached: ports, networks and host names.
extension ServiceTranslation {
    // MARK: Ports

    mutating func translatePorts(_ value: ComposeValue) {
        guard let elements = value.elements else { return mismatch("ports", value, expected: "a list") }
        if let mode = service["network_mode"]?.text, mode == "host" || mode == "none" || mode.hasPrefix("service:") {
            let reason =
                mode == "host"
                ? "on the host's network, the program listens on the ports of the node itself"
                : "a task that does not have a network of its own publishes no ports"
            return note(.info, .noEffect, reason, key: "ports", at: value.place)
        }
        for element in elements {
            if element.members != nil { checkLongPort(element) }
            let port = element.text.map { ComposePort(short: $0) } ?? ComposePort(long: element)
            guard let port else {
                invalid("ports", element, ComposePort.rule)
                continue
            }
            add(port, at: element)
        }
    }

    private mutating func checkLongPort(_ element: ComposeValue) {
        read(
            "ports", element,
            by: [
                "target": { _, _ in }, "published": { _, _ in }, "protocol": { _, _ in }, "host_ip": { _, _ in },
                "name": { _, _ in },
                "app_protocol": {
                    $0.note(.info, .noEffect, "Cube does not interpret it", key: "ports.app_protocol", at: $1.place)
                },
                "mode": {
                    $0.note(
                        .info, .noEffect, "Cube publishes a port on the node of its task", key: "ports.mode",
                        at: $1.place)
                },
            ])
    }

    private mutating func add(_ port: ComposePort, at element: ComposeValue) {
        guard ["tcp", "udp"].contains(port.transport) else {
            return omit("ports", "Cube publishes no ports of the protocol \(port.transport.quoted)", at: element)
        }
        if let address = port.hostAddress, !Self.anyAddresses.contains(address) {
            let container = port.target.lowerBound
            note(
                .omitted, .hostAddress,
                "not published, because Cube publishes ports on all addresses of a node, not on \(address) alone; to publish "
                    + "it there, add {\"name\": \(ManifestValue.string(portName(port, container)).line), \"container\": "
                    + "\(container)"
                    + (port.published.map { ", \"host\": \($0.lowerBound)" } ?? "") + "} to `ports`",
                key: "ports", at: element.place)
            return
        }
        if port.published != nil, !port.isOneToOne {
            note(
                .changed, .similar, "Cube allocates a port from 20000 to 31999 instead of one from the range",
                key: "ports", at: element.place)
        }
        for (offset, target) in port.target.enumerated() {
            let host = port.isOneToOne ? port.published.map { $0.lowerBound + offset } : nil
            var name = portName(port, target)
            if isPortName(name) { name = "p\(target)-\(port.transport)" }
            if isPortName(name) { name += "-\(host ?? 0)" }
            manifest.append(
                "ports",
                .object(
                    ("name", .string(name)), ("container", .integer(target)), ("host", host.map { .integer($0) }),
                    ("protocol", port.transport == "tcp" ? nil : .string(port.transport))))
        }
    }

    private static let anyAddresses: Set = ["0.0.0.0", "::", ""]

    /// Whether a port of the manifest already has a name.
    private func isPortName(_ name: String) -> Bool {
        guard case .array(let ports) = manifest["ports"] else { return false }
        return ports.contains {
            guard case .object(let members) = $0 else { return false }
            return members.first { $0.key == "name" }?.value == .string(name)
        }
    }

    private func portName(_ port: ComposePort, _ target: Int) -> String {
        if let name = port.name.map(ProjectContext.name), name.first?.isLetter == true, port.target.count == 1 {
            return name
        }
        let usual = Self.usualNames[target] ?? "p\(target)"
        return port.transport == "udp" ? "\(usual)-udp" : usual
    }

    private static let usualNames = [
        21: "ftp", 22: "ssh", 25: "smtp", 53: "dns", 80: "http", 143: "imap", 443: "https", 465: "smtps", 993: "imaps",
        1883: "mqtt", 3306: "mysql", 5432: "postgres", 5672: "amqp", 6379: "redis", 9090: "prometheus", 9200: "elastic",
        11211: "memcached", 27017: "mongo",
    ]

    // MARK: Networks

    mutating func translateNetworks(_ value: ComposeValue) {
        guard let members = value.asMapping.members else {
            return mismatch("networks", value, expected: "a list or a mapping")
        }
        if let mode = service["network_mode"] {
            return note(
                .error, .invalidValue, "network_mode and networks exclude each other", key: "network_mode",
                at: mode.place)
        }
        var joined: [String] = []
        for member in members {
            guard let name = context.networkNames[member.key] ?? (member.key == "default" ? "default" : nil) else {
                note(
                    .error, .undefinedName, "the project declares no network \(member.key.quoted)", key: "networks",
                    at: member.place)
                continue
            }
            guard joined.count < Self.maximumNetworks else {
                note(
                    .omitted, .unsupported, "a container joins at most \(Self.maximumNetworks) networks",
                    key: "networks",
                    at: member.place)
                continue
            }
            joined.append(name)
            if name != member.key {
                note(
                    .changed, .renamed, "the network \(member.key) is called \(name)", key: "networks", at: member.place
                )
            }
            checkNetwork(member)
        }
        manifest["network"] = .object(("join", .strings(joined.isEmpty ? ["default"] : joined)))
    }

    private static let maximumNetworks = 16

    private mutating func checkNetwork(_ member: ComposeValue.Member) {
        guard !member.value.isNull else { return }
        let key = "networks.\(member.key)"
        func omitted(_ option: String, _ reason: String) -> (inout ServiceTranslation, ComposeValue) -> Void {
            { $0.omit("\(key).\(option)", reason, at: $1) }
        }
        let address = "the engine chooses the addresses of containers"
        let serviceName = serviceName
        read(
            key, member.value,
            by: [
                "aliases": { translation, value in
                    let aliases = (value.elements ?? []).filter {
                        $0.text != serviceName && $0.text != translation.name
                    }
                    guard !aliases.isEmpty else { return }
                    translation.omit(
                        "\(key).aliases", "other containers reach the workload only as \(translation.name)", at: value)
                },
                "ipv4_address": omitted("ipv4_address", address), "ipv6_address": omitted("ipv6_address", address),
                "link_local_ips": omitted("link_local_ips", address), "mac_address": omitted("mac_address", address),
                "interface_name": omitted("interface_name", "the engine names the interfaces"),
                "driver_opts": omitted("driver_opts", "Cube has no options for networks"),
                "priority": omitted("priority", "Cube has no order of networks"),
                "gw_priority": omitted("gw_priority", "Cube has no order of networks"),
            ])
    }

    mutating func translateNetworkMode(_ value: ComposeValue) {
        guard let mode = text("network_mode", value) else { return }
        if mode.hasPrefix("service:") {
            let other = String(mode.dropFirst("service:".count))
            guard let name = context.names[other] else {
                return note(
                    .error, .undefinedName, "there is no active service \(other.quoted)", key: "network_mode",
                    at: value.place)
            }
            manifest["network"] = .object(("of", .string(name)))
            return
        }
        switch mode {
        case "host":
            manifest["network"] = .object(("mode", .string("host")))
            needWorkerOption("--allow-host-network", key: "network_mode", at: value.place)
        case "bridge", "default": break
        default:
            omit(
                "network_mode", "Cube has no network mode \(mode.quoted); the engine's default network is used",
                at: value)
        }
    }

    mutating func translateLinks(_ value: ComposeValue) {
        for link in value.elements ?? [] {
            let parts = (link.text ?? "").split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0] != parts[1] else { continue }
            omit(
                "links", "the alias \(parts[1].quoted) does not exist; use \(context.names[parts[0]] ?? parts[0])",
                at: link)
        }
    }

    mutating func translateContainerName(_ value: ComposeValue) {
        guard let container = text("container_name", value) else { return }
        let also = container == name ? "" : "; other containers reach it as \(name)"
        note(.info, .noEffect, "Cube names containers itself\(also)", key: "container_name", at: value.place)
    }

    // MARK: Host names

    /// Notes texts of the service that refer to other services by names that these no longer have.
    mutating func noteHostNames() {
        let lostNames = context.unreachableNames(from: serviceName)
        guard !lostNames.isEmpty else { return }
        for (key, variable, scalar) in mentioningTexts {
            guard let text = scalar.text else { continue }
            for (name, new) in lostNames
            where text.mentions(host: name) || (text == name && Self.isAddress(variable)) {
                note(
                    .todo, .hostName, "it mentions \(name), which other containers reach as \(new) now", key: key,
                    at: scalar.place)
            }
        }
    }

    /// The texts that may contain host names, each with its key and, in the environment, the name of the variable.
    private var mentioningTexts: [(key: String, variable: String, value: ComposeValue)] {
        let variables = (service["environment"]?.asMapping.members ?? []).map { member in
            ("environment.\(member.key)", member.key, member.value)
        }
        let others = ["command", "entrypoint", "healthcheck"].flatMap { key in
            (service[key]?.scalars ?? []).map { (key, "", $0) }
        }
        return variables + others
    }

    /// Whether the name of a variable says that its value is the address of something.
    private static func isAddress(_ variable: String) -> Bool {
        let words = ["HOST", "ADDR", "SERVER", "URL", "URI", "ENDPOINT", "UPSTREAM", "BROKER", "BACKEND"]
        return words.contains(where: variable.uppercased().contains)
    }
}

extension ComposeValue {
    /// All scalars in the value.
    fileprivate var scalars: [ComposeValue] {
        switch content {
        case .scalar: [self]
        case .sequence(let elements): elements.flatMap(\.scalars)
        case .mapping(let members): members.flatMap(\.value.scalars)
        }
    }
}

extension String {
    /// Whether the text contains a host name that is not part of a longer name.
    ///
    /// A name with `_` counts wherever it is. Any other name may be a word, and counts only where a host name is usual: after `//` or
    /// `@`, or before a port.
    func mentions(host: String) -> Bool {
        let text = Array(unicodeScalars)
        let name = Array(host.unicodeScalars)
        guard !name.isEmpty, text.count >= name.count else { return false }
        func isPart(_ index: Int) -> Bool {
            guard text.indices.contains(index) else { return false }
            let scalar = text[index]
            return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "-"
        }
        return (0...(text.count - name.count)).contains { start in
            let end = start + name.count
            guard text[start..<end].elementsEqual(name), !isPart(start - 1), !isPart(end) else { return false }
            if host.contains("_") { return true }
            let isAfterScheme =
                start > 0 && (text[start - 1] == "@" || (text[start - 1] == "/" && start > 1 && text[start - 2] == "/"))
            let isBeforePort = end + 1 < text.count && text[end] == ":" && ("0"..."9").contains(text[end + 1])
            return isAfterScheme || isBeforePort
        }
    }
}
