import CubeCore
import CubeTypes

/// What the service may use: limits, reservations, capabilities and devices.
extension ServiceTranslation {
    // MARK: Limits

    mutating func translateMemoryLimit(_ key: String, _ value: ComposeValue) {
        guard var bytes = size(key, value), bytes > 0 else { return }
        if bytes < Self.leastMemory {
            bytes = Self.leastMemory
            note(.changed, .similar, "raised to 6MiB, the lowest limit of Cube", key: key, at: value.place)
        }
        amounts[.memoryLimit] = bytes
        manifest.set("limits", "memory", ComposeUnits.size(bytes))
    }

    private static let leastMemory: Int64 = 6 << 20

    mutating func translateMemoryReservation(_ key: String, _ value: ComposeValue) {
        guard let bytes = size(key, value), bytes > 0 else { return }
        amounts[.memoryReservation] = bytes
        manifest["memory"] = ComposeUnits.size(bytes)
    }

    mutating func translateCPULimit(_ key: String, _ value: ComposeValue) {
        guard let millicores = millicores(key, value), millicores > 0 else { return }
        limitCPU(millicores, key, at: value)
    }

    private mutating func millicores(_ key: String, _ value: ComposeValue) -> Int? {
        guard let millicores = value.text.flatMap(ComposeUnits.millicores) else {
            mismatch(key, value, expected: "a number of cores")
            return nil
        }
        return millicores
    }

    mutating func translateCPUQuota(_ value: ComposeValue) {
        guard let quota = microseconds("cpu_quota", value), quota > 0 else { return }
        let period = service["cpu_period"].flatMap { microseconds("cpu_period", $0) } ?? 100_000
        guard period > 0, let millicores = ComposeUnits.millicores("\(quota / period)") else {
            return invalid("cpu_quota", value, "must be at most 1000000 times the period")
        }
        limitCPU(millicores, "cpu_quota", at: value)
    }

    private mutating func limitCPU(_ wanted: Int, _ key: String, at value: ComposeValue) {
        let millicores = max(wanted, 10)
        if millicores != wanted {
            note(.changed, .similar, "raised to 0.01, the lowest limit of Cube", key: key, at: value.place)
        }
        amounts[.cpuLimit] = Int64(millicores)
        manifest.set("limits", "cpu", ComposeUnits.cores(millicores))
    }

    /// Lowers reservations to the limits, which Cube demands.
    mutating func lowerReservations() {
        if let limit = amounts[.memoryLimit], let reserved = amounts[.memoryReservation], limit < reserved {
            manifest["memory"] = ComposeUnits.size(limit)
            note(.changed, .similar, "the reservation is lowered to the limit", key: "mem_reservation", at: place)
        }
        if let limit = amounts[.cpuLimit], let reserved = amounts[.cpuReservation], limit < reserved {
            manifest["cpu"] = ComposeUnits.cores(Int(limit))
            note(
                .changed, .similar, "the reservation is lowered to the limit",
                key: "deploy.resources.reservations.cpus", at: place)
        }
    }

    /// The period is part of the translation of the quota.
    mutating func translateCPUPeriod(_ value: ComposeValue) {
        guard service["cpu_quota"]?.isNull ?? true else { return }
        note(.info, .noEffect, "it has no effect without cpu_quota", key: "cpu_period", at: value.place)
    }

    private mutating func microseconds(_ key: String, _ value: ComposeValue) -> Double? {
        if let number = value.text.flatMap({ Double($0) }) { return number }
        if let duration = value.text.flatMap(ComposeUnits.duration) { return Double(duration.milliseconds) * 1000 }
        mismatch(key, value, expected: "a number of microseconds")
        return nil
    }

    mutating func translateProcessLimit(_ key: String, _ value: ComposeValue) {
        guard let limit = integer(key, value, in: -1...4_194_304), limit > 0 else { return }
        manifest.set("limits", "pids", .integer(limit))
    }

    mutating func translateUlimits(_ value: ComposeValue) {
        guard let members = value.members else { return mismatch("ulimits", value, expected: "a mapping") }
        for member in members {
            let key = "ulimits.\(member.key)"
            guard member.key == "nofile" else {
                omit(key, "Cube limits memory, CPU, processes and open files", at: member.value)
                continue
            }
            let hard = member.value["hard"] ?? member.value
            guard let wanted = integer(key, hard, in: -1...Int(Int32.max)) else { continue }
            guard wanted > 0 else {
                omit(key, "Cube has no unlimited number of open files; the limit of the engine applies", at: hard)
                continue
            }
            let limit = min(max(wanted, 16), 1_048_576)
            if limit != wanted {
                note(
                    .changed, .similar, "\(wanted) → \(limit), the nearest limit that Cube allows", key: key,
                    at: member.place)
            }
            manifest.set("limits", "open_files", .integer(limit))
            if let soft = member.value["soft"]?.text, soft != hard.text {
                note(
                    .changed, .similar, "Cube has one limit; the hard one is used, not \(soft)", key: key,
                    at: member.place)
            }
        }
    }

    // MARK: Resources of `deploy`

    mutating func translateResources(_ value: ComposeValue) {
        let path = "deploy.resources"
        read(
            path, value,
            by: [
                "limits": { translation, value in
                    translation.read(
                        "\(path).limits", value,
                        by: [
                            "cpus": { $0.translateCPULimit("\(path).limits.cpus", $1) },
                            "memory": { $0.translateMemoryLimit("\(path).limits.memory", $1) },
                            "pids": { $0.translateProcessLimit("\(path).limits.pids", $1) },
                        ])
                },
                "reservations": { translation, value in
                    let path = "\(path).reservations"
                    translation.read(
                        path, value,
                        by: [
                            "cpus": { translation, value in
                                guard let millicores = translation.millicores("\(path).cpus", value), millicores > 0
                                else { return }
                                translation.amounts[.cpuReservation] = Int64(millicores)
                                translation.manifest["cpu"] = ComposeUnits.cores(millicores)
                            },
                            "memory": { $0.translateMemoryReservation("\(path).memory", $1) },
                            "devices": {
                                $0.omit(
                                    "\(path).devices",
                                    "Cube reserves no devices; use `security.devices` and `constraints`",
                                    at: $1)
                            },
                            "generic_resources": {
                                $0.omit("\(path).generic_resources", "Cube reserves CPU, memory and disk only", at: $1)
                            },
                        ])
                },
            ])
    }

    // MARK: Privileges

    mutating func translateReadOnly(_ value: ComposeValue) {
        guard boolean("read_only", value) == true else { return }
        manifest.set("security", "read_only_root", .boolean(true))
    }

    mutating func translateCapabilities(_ value: ComposeValue) {
        var names: [String] = []
        for (text, element) in zip(strings("cap_add", value), value.elements ?? []) {
            let upper = text.uppercased()
            let name = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
            if name == "ALL" {
                omit("cap_add", "Cube adds no capabilities as a whole; name those that the program needs", at: element)
            } else if !Capability.names.contains(name) {
                omit("cap_add", "\(text.quoted) \(Capability.rule)", at: element)
            } else if Self.usualCapabilities.contains(name) {
                note(.info, .noEffect, "every container has the capability \(name)", key: "cap_add", at: element.place)
            } else if !names.contains(name) {
                names.append(name)
                needWorkerOption("--allow-capability \(name)", key: "cap_add", at: element.place)
            }
        }
        if !names.isEmpty { manifest.set("security", "capabilities", .strings(names)) }
    }

    /// The capabilities that containers of Docker and of Podman have by default.
    private static let usualCapabilities: Set = [
        "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]

    mutating func translateDevices(_ value: ComposeValue) {
        var paths: [String] = []
        guard let elements = value.elements else { return mismatch("devices", value, expected: "a list") }
        for element in elements {
            let parts = element.text.map { $0.split(separator: ":").map(String.init) } ?? []
            guard let source = element["source"]?.text ?? parts.first else {
                mismatch("devices", element, expected: "a path")
                continue
            }
            let target = element["target"]?.text ?? (parts.count > 1 ? parts[1] : source)
            let permissions = element["permissions"]?.text ?? (parts.count > 2 ? parts[2] : "rwm")
            guard NodePath.isDevice(source), target == source else {
                omit(
                    "devices", "Cube gives a container devices below /dev, under the same path as on the node",
                    at: element)
                continue
            }
            if permissions != "rwm" {
                note(
                    .changed, .similar, "\(permissions) → rwm: Cube allows every access", key: "devices",
                    at: element.place)
            }
            guard !paths.contains(source) else { continue }
            paths.append(source)
            needWorkerOption("--allow-device \(source.shellWord)", key: "devices", at: element.place)
        }
        if !paths.isEmpty { manifest.set("security", "devices", .strings(paths)) }
    }

    mutating func translateSecurityOptions(_ value: ComposeValue) {
        guard let elements = value.elements else { return mismatch("security_opt", value, expected: "a list") }
        for element in elements {
            switch element.text {
            case "no-new-privileges", "no-new-privileges:true", "no-new-privileges=true":
                manifest.set("security", "no_new_privileges", .boolean(true))
            case "no-new-privileges:false", "no-new-privileges=false":
                manifest.set("security", "no_new_privileges", .boolean(false))
            default: omit("security_opt", "the security profiles of the engine apply", at: element)
            }
        }
    }
}
