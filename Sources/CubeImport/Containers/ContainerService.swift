import CubeJSON

/// The Compose service that a container could have been started from.
struct ContainerService {
    private let container: ContainerDescription
    private let names: ContainerNames
    private var members: [ComposeValue.Member] = []
    /// The named volumes that the container mounts, by the names that the service uses.
    private(set) var volumes: [String: String] = [:]
    /// The networks that the service joins.
    private(set) var networks: [String] = []

    init(_ container: ContainerDescription, names: ContainerNames) {
        self.container = container
        self.names = names
        addProgram()
        addHealthCheck()
        addPorts()
        addNetworks()
        addMounts()
        addResources()
        addPrivileges()
        addLifecycle()
    }

    var value: ComposeValue { ComposeValue(.mapping(members), at: container.place) }

    // MARK: Values

    private mutating func add(_ key: String, _ value: ComposeValue?) {
        if let value { members.append(.init(key: key, place: container.place, value: value)) }
    }

    private func text(_ text: String) -> ComposeValue { ComposeValue(text, at: container.place) }

    private func list(_ texts: [String]) -> ComposeValue? {
        texts.isEmpty ? nil : ComposeValue(.sequence(texts.map(text)), at: container.place)
    }

    private func mapping(_ values: [(String, ComposeValue?)]) -> ComposeValue? {
        let members = values.compactMap { key, value in
            value.map { ComposeValue.Member(key: key, place: container.place, value: $0) }
        }
        return members.isEmpty ? nil : ComposeValue(.mapping(members), at: container.place)
    }

    private func mapping(_ texts: [String: String]) -> ComposeValue? {
        mapping(texts.sorted { $0.key < $1.key }.map { ($0.key, text($0.value)) })
    }

    /// The string of a key, unless it is empty or that of the image.
    private func own(_ key: String) -> String? {
        guard let text = container.config?[key]?.string, !text.isEmpty, text != container.image?[key]?.string else {
            return nil
        }
        return text
    }

    // MARK: Program

    private mutating func addProgram() {
        add("image", container.config?["Image"]?.string.map(text))
        let entrypoint = container.config?["Entrypoint"]?.texts ?? []
        let command = container.config?["Cmd"]?.texts ?? []
        let hasOwnEntrypoint = entrypoint != (container.image?["Entrypoint"]?.texts ?? [])
        if hasOwnEntrypoint { add("entrypoint", list(entrypoint)) }
        if hasOwnEntrypoint || command != (container.image?["Cmd"]?.texts ?? []) { add("command", list(command)) }
        let inherited = Set(container.image?["Env"]?.texts ?? [])
        add("environment", list(container.environment.filter { !inherited.contains($0) }))
        add("working_dir", own("WorkingDir").flatMap { $0 == "/" ? nil : text($0) })
        add("user", own("User").map(text))
        if container.config?["Tty"]?.boolean == true { add("tty", text("true")) }
        if container.config?["OpenStdin"]?.boolean == true { add("stdin_open", text("true")) }
        // A name that the engine made is the beginning of the ID, or of that of a container whose network this one shares.
        let hostName = container.config?["Hostname"]?.string ?? ""
        let isMade = hostName.utf8.count == 12 && hostName.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        if !hostName.isEmpty, !isMade, container.host?["NetworkMode"]?.string != "host" {
            add("hostname", text(hostName))
        }
        let inheritedLabels = ContainerDescription.strings(container.image?["Labels"])
        add(
            "labels",
            mapping(
                container.labels.filter {
                    !$0.key.hasPrefix("com.docker.compose.") && inheritedLabels[$0.key] != $0.value
                }))
    }

    private mutating func addHealthCheck() {
        guard let check = container.config?["Healthcheck"], check.kind == .object else { return }
        let inherited = container.image?["Healthcheck"]
        let test = check["Test"]?.texts ?? []
        let keys = [("Interval", "interval"), ("Timeout", "timeout"), ("StartPeriod", "start_period")]
        let isInherited =
            test == (inherited?["Test"]?.texts ?? [])
            && keys.allSatisfy { check[$0.0]?.setInteger == inherited?[$0.0]?.setInteger }
            && check["Retries"]?.setInteger == inherited?["Retries"]?.setInteger
        if isInherited { return }
        let times = keys.map { key, name in
            (name, check[key]?.setInteger.map { text("\($0 / 1_000_000)ms") })
        }
        add(
            "healthcheck",
            mapping([("test", list(test))] + times + [("retries", check["Retries"]?.setInteger.map { text("\($0)") })]))
    }

    // MARK: Network

    private mutating func addPorts() {
        var ports: [ComposeValue] = []
        var seen: Set<String> = []
        func port(_ target: String, published: String?, address: String?) {
            let parts = target.split(separator: "/").map(String.init)
            guard let number = parts.first, seen.insert("\(target) \(published ?? "") \(address ?? "")").inserted else {
                return
            }
            let value = mapping([
                ("target", text(number)), ("published", published.map(text)), ("host_ip", address.map(text)),
                ("protocol", parts.count == 2 ? text(parts[1]) : nil),
            ])
            ports += value.map { [$0] } ?? []
        }
        if container.host?["PublishAllPorts"]?.boolean == true {
            for member in container.config?["ExposedPorts"].map({ Array($0.members) }) ?? [] {
                port(member.key.text, published: nil, address: nil)
            }
        }
        for member in container.host?["PortBindings"].map({ Array($0.members) }) ?? [] {
            for binding in member.value.elements {
                let address = binding["HostIp"]?.string ?? ""
                let published = binding["HostPort"]?.string ?? ""
                port(
                    member.key.text, published: published.isEmpty ? nil : published,
                    address: ["", "0.0.0.0", "::"].contains(address) ? nil : address)
            }
        }
        if !ports.isEmpty { add("ports", ComposeValue(.sequence(ports), at: container.place)) }
    }

    private mutating func addNetworks() {
        let mode = container.host?["NetworkMode"]?.string ?? "default"
        if mode.hasPrefix("container:") {
            let id = String(mode.dropFirst("container:".count))
            return add(
                "network_mode",
                text(names.services[id].map { "service:\($0)" } ?? "container:\(names.containers[id] ?? id)"))
        }
        if ["host", "none"].contains(mode) { return add("network_mode", text(mode)) }
        if ["default", "bridge", "podman"].contains(mode) { return add("network_mode", text("bridge")) }
        networks = container.networks.map { names.networks[$0] }
        var joined: [(String, ComposeValue?)] = []
        for name in container.networks {
            let addresses = mapping(container.addresses(in: name).map { ($0.key, text($0.address)) })
            joined.append((names.networks[name], addresses ?? ComposeValue.null(at: container.place)))
        }
        add("networks", mapping(joined))
    }

    /// The legacy links of the container to others, such as `db:alias`.
    private var links: [String] {
        (container.host?["Links"]?.texts ?? []).map { link in
            // The engine writes them as /db:/web/alias.
            let parts = link.split(separator: ":", maxSplits: 1).map { String($0).lastPathComponent }
            return parts.joined(separator: ":")
        }
    }

    // MARK: Mounts

    private mutating func addMounts() {
        var mounts: [ComposeValue] = []
        for mount in container.root["Mounts"].map({ Array($0.elements) }) ?? [] {
            guard let type = mount["Type"]?.string, let target = mount["Destination"]?.string, type != "tmpfs" else {
                continue
            }
            var source = mount["Source"]?.string
            if type == "volume" {
                source = nil
                if let name = ContainerDescription.volume(mount) { source = volume(name) }
            }
            let value = mapping([
                ("type", text(type)), ("source", source.map(text)), ("target", text(target)),
                ("read_only", mount["RW"]?.boolean == false ? text("true") : nil),
            ])
            mounts += value.map { [$0] } ?? []
        }
        if !mounts.isEmpty { add("volumes", ComposeValue(.sequence(mounts), at: container.place)) }
        let temporary = container.host?["Tmpfs"].map { Array($0.members) } ?? []
        add(
            "tmpfs",
            list(
                temporary.map { member in
                    let options = member.value.string ?? ""
                    return options.isEmpty ? member.key.text : "\(member.key.text):\(options)"
                }))
        // Docker's own size is 64 MiB, and Podman's is 64,000 KiB.
        if let size = container.host?["ShmSize"]?.setInteger, size != 64 << 20, size != 64_000 << 10,
            container.host?["IpcMode"]?.string != "host"
        {
            add("shm_size", text("\(size)"))
        }
    }

    /// Returns the name that the service uses for a volume of the engine.
    private mutating func volume(_ name: String) -> String {
        let short = names.volumes[name]
        volumes[short] = name
        return short
    }

    // MARK: Resources

    private mutating func addResources() {
        let host = container.host
        add("mem_limit", host?["Memory"]?.setInteger.map { text("\($0)") })
        let memory = host?["Memory"]?.setInteger ?? 0
        // Engines allow as much swap as memory unless told otherwise.
        if let swap = host?["MemorySwap"]?.setInteger, swap &- memory != memory {
            add("memswap_limit", text("\(swap)"))
        }
        add("oom_score_adj", host?["OomScoreAdj"]?.setInteger.map { text("\($0)") })
        add("mem_reservation", host?["MemoryReservation"]?.setInteger.map { text("\($0)") })
        add("cpus", host?["NanoCpus"]?.setInteger.map { text("\(Double($0) / 1e9)") })
        add("cpu_quota", host?["CpuQuota"]?.setInteger.flatMap { $0 > 0 ? text("\($0)") : nil })
        add("cpu_period", host?["CpuPeriod"]?.setInteger.map { text("\($0)") })
        add("cpu_shares", host?["CpuShares"]?.setInteger.map { text("\($0)") })
        add("cpuset", host?["CpusetCpus"]?.string.flatMap { $0.isEmpty ? nil : text($0) })
        let processes = host?["PidsLimit"]?.setInteger ?? 0
        // 2048 is Podman's own limit.
        if processes > 0, !(container.isOfPodman && processes == 2048) { add("pids_limit", text("\(processes)")) }
        let limits = host?["Ulimits"].map { Array($0.elements) } ?? []
        add(
            "ulimits",
            mapping(
                limits.compactMap { limit in
                    guard let name = limit["Name"]?.string, let hard = limit["Hard"]?.number?.integer() else {
                        return nil
                    }
                    let soft = limit["Soft"]?.number?.integer() ?? hard
                    // Podman names them as the system call does.
                    let short = name.hasPrefix("RLIMIT_") ? name.dropFirst("RLIMIT_".count).lowercased() : name
                    return (short, mapping([("soft", text("\(soft)")), ("hard", text("\(hard)"))]))
                }))
    }

    private mutating func addPrivileges() {
        let host = container.host
        for (key, name) in [
            ("Privileged", "privileged"), ("ReadonlyRootfs", "read_only"), ("Init", "init"),
            ("OomKillDisable", "oom_kill_disable"),
        ]
        where host?[key]?.boolean == true { add(name, text("true")) }
        for (key, name) in [
            ("CapAdd", "cap_add"), ("CapDrop", "cap_drop"), ("SecurityOpt", "security_opt"),
            ("ExtraHosts", "extra_hosts"),
            ("Dns", "dns"), ("DnsSearch", "dns_search"), ("DnsOptions", "dns_opt"), ("GroupAdd", "group_add"),
            ("VolumesFrom", "volumes_from"), ("DeviceCgroupRules", "device_cgroup_rules"),
        ] { add(name, list(host?[key]?.texts ?? [])) }
        for (key, name) in [("PidMode", "pid"), ("UTSMode", "uts"), ("UsernsMode", "userns_mode"), ("IpcMode", "ipc")] {
            if let mode = host?[key]?.string, mode == "host" || mode.hasPrefix("container:") { add(name, text(mode)) }
        }
        let devices = host?["Devices"].map { Array($0.elements) } ?? []
        add(
            "devices",
            list(
                devices.compactMap { device in
                    guard let source = device["PathOnHost"]?.string else { return nil }
                    let target = device["PathInContainer"]?.string ?? source
                    return "\(source):\(target):\(device["CgroupPermissions"]?.string ?? "rwm")"
                }))
        let requests = host?["DeviceRequests"].map { Array($0.elements) } ?? []
        if !requests.isEmpty { add("gpus", text("all")) }
        if let runtime = host?["Runtime"]?.string, !Self.usualRuntimes.contains(runtime) {
            add("runtime", text(runtime))
        }
        add("external_links", list(links))
        add("sysctls", mapping(ContainerDescription.strings(host?["Sysctls"])))
    }

    /// The runtimes that engines use unless told otherwise; Podman calls its own one `oci`.
    private static let usualRuntimes: Set = ["", "runc", "io.containerd.runc.v2", "oci", "crun"]

    private mutating func addLifecycle() {
        add("stop_signal", own("StopSignal").flatMap { ["SIGTERM", "15"].contains($0) ? nil : text($0) })
        add("stop_grace_period", container.config?["StopTimeout"]?.setInteger.map { text("\($0)s") })
        let policy = container.host?["RestartPolicy"]
        let name = policy?["Name"]?.string ?? ""
        let attempts = policy?["MaximumRetryCount"]?.setInteger
        if !["", "no"].contains(name) { add("restart", text(attempts.map { "\(name):\($0)" } ?? name)) }
        if let driver = container.host?["LogConfig"]?["Type"]?.string,
            !["json-file", "journald", "k8s-file", "local"].contains(driver)
        {
            add("logging", mapping([("driver", text(driver))]))
        }
        add("depends_on", dependencies)
    }

    /// The dependencies that Compose wrote into a label, such as `db:service_healthy:false`.
    private var dependencies: ComposeValue? {
        let parts = (container.labels["com.docker.compose.depends_on"] ?? "").split(separator: ",")
        return mapping(
            parts.compactMap { part in
                let words = part.split(separator: ":").map(String.init)
                guard let name = words.first else { return nil }
                let condition = words.count > 1 ? words[1] : "service_started"
                let service = names.service(name, in: container.project)
                return (service, mapping([("condition", text(condition)), ("required", text("false"))]))
            })
    }
}
