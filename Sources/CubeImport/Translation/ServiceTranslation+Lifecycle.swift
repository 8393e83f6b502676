import CubeTypes

/// When the service starts, stops and counts as healthy.
extension ServiceTranslation {
    // MARK: Health

    mutating func translateHealthCheck(_ value: ComposeValue) {
        func known(_: inout ServiceTranslation, _: ComposeValue) {}
        read(
            "healthcheck", value,
            by: [
                "test": known, "disable": known, "interval": known, "timeout": known, "retries": known,
                "start_period": known,
                "start_interval": {
                    $0.omit("healthcheck.start_interval", "Cube checks at the same interval from the start", at: $1)
                },
            ])
        let isDisabled = value["disable"]?.boolean ?? false
        let test = value["test"]
        if isDisabled || test?.elements?.first?.text == "NONE" {
            return omit("healthcheck", "a check of the image cannot be switched off", at: value)
        }
        guard let test else {
            return omit(
                "healthcheck", "the times of a check of the image cannot be changed; write the check itself", at: value)
        }
        guard let command = checkCommand(test) else { return }
        let path = "healthcheck"
        func time(
            _ key: String, _ standard: String, _ range: ClosedRange<Duration>, _ translation: inout ServiceTranslation
        )
            -> ManifestValue
        {
            let duration = value[key].flatMap { translation.duration("\(path).\(key)", $0, in: range) }
            return .string(duration?.text ?? standard)
        }
        let day = Duration.seconds(86_400)
        let retries = value["retries"].flatMap { integer("\(path).retries", $0, in: 0...1000) } ?? 3
        manifest["health"] = .object(
            (
                "ready",
                .object(
                    ("command", .strings(command)),
                    ("interval", time("interval", "30s", .milliseconds(100)...day, &self)),
                    ("timeout", time("timeout", "30s", .milliseconds(10) ... .seconds(3600), &self)),
                    ("retries", .integer(max(1, retries))),
                    ("start_period", time("start_period", "0s", .zero...day, &self)))
            ))
    }

    private mutating func checkCommand(_ test: ComposeValue) -> [String]? {
        guard test.elements != nil else {
            return text("healthcheck.test", test).map { ["/bin/sh", "-c", $0] }
        }
        let words = strings("healthcheck.test", test)
        switch words.first {
        case "CMD" where words.count > 1: return Array(words.dropFirst())
        case "CMD-SHELL" where words.count == 2: return ["/bin/sh", "-c", words[1]]
        default:
            invalid("healthcheck.test", test, "must begin with CMD, CMD-SHELL or NONE, followed by the command")
            return nil
        }
    }

    // MARK: Restarts

    /// Whether others wait until the service has completed.
    private var isJob: Bool { context.jobs.contains(serviceName) }

    mutating func translateRestart(_ value: ComposeValue) {
        guard service["deploy"]?["restart_policy"] == nil else {
            return note(.info, .noEffect, "deploy.restart_policy replaces it", key: "restart", at: value.place)
        }
        guard let policy = text("restart", value) else { return }
        let parts = policy.split(separator: ":", maxSplits: 1).map(String.init)
        switch parts.first {
        case "no": manifest["restart"] = .object(("policy", .string("never")))
        case "false" where value.stringText == "false": manifest["restart"] = .object(("policy", .string("never")))
        case "always": break
        case "unless-stopped":
            note(
                .changed, .similar,
                "unless-stopped → always: what is stopped by hand is started again; use `suspend` or "
                    + "\"replicas\": 0", key: "restart", at: value.place)
        case "on-failure":
            manifest.set("restart", "policy", .string("on_failure"))
            guard parts.count == 2 else { break }
            guard let max = Int(parts[1]), (0...1_000_000).contains(max) else {
                return invalid("restart", value, "must have a number after the colon")
            }
            manifest.set("restart", "max", .integer(max))
            note(
                .changed, .similar,
                "Cube counts the restarts of the last 10 minutes, not all of them; see `restart.within`",
                key: "restart", at: value.place)
        default: invalid("restart", value, "must be no, always, on-failure[:MAX] or unless-stopped")
        }
        if isJob, parts.first == "always" || parts.first == "unless-stopped" {
            note(
                .changed, .similar, "on_failure, because other services wait until it has completed", key: "restart",
                at: value.place)
        }
    }

    mutating func translateAbsentRestart() {
        if isJob {
            manifest["kind"] = .string("job")
            note(
                .changed, .similar,
                "a job, because other services wait until it has completed; Cube starts a job that failed again",
                key: "depends_on", at: place)
        }
        guard service["restart"]?.isNull ?? true, service["deploy"]?["restart_policy"] == nil, !isJob else { return }
        if case .string("job") = manifest["kind"] { return }
        note(
            .changed, .similar,
            "it is not restarted when it ends, but Cube restarts a service; a task that runs once is \"kind\": \"job\"",
            key: "restart", at: place)
    }

    mutating func translateRestartPolicy(_ value: ComposeValue) {
        let path = "deploy.restart_policy"
        manifest["restart"] = nil
        read(
            path, value,
            by: [
                "condition": { translation, value in
                    switch value.text {
                    case "none": translation.manifest.set("restart", "policy", .string("never"))
                    case "on-failure": translation.manifest.set("restart", "policy", .string("on_failure"))
                    case "any": break
                    default: translation.invalid("\(path).condition", value, "must be none, on-failure or any")
                    }
                },
                "delay": { translation, value in
                    let day = Duration.seconds(86_400)
                    guard let delay = translation.duration("\(path).delay", value, in: .milliseconds(100)...day) else {
                        return
                    }
                    translation.manifest.set("restart", "backoff", .string(delay.text))
                    if delay > .seconds(60) { translation.manifest.set("restart", "backoff_max", .string(delay.text)) }
                    translation.note(
                        .changed, .similar, "the wait doubles with each restart in Cube", key: "\(path).delay",
                        at: value.place)
                },
                "max_attempts": { translation, value in
                    guard let max = translation.integer("\(path).max_attempts", value, in: 0...1_000_000) else {
                        return
                    }
                    translation.manifest.set("restart", "max", .integer(max))
                },
                "window": { translation, value in
                    guard
                        let window = translation.duration(
                            "\(path).window", value, in: .seconds(1) ... .seconds(2_592_000))
                    else { return }
                    translation.manifest.set("restart", "within", .string(window.text))
                    translation.note(
                        .changed, .similar, "Cube counts the restarts of this time", key: "\(path).window",
                        at: value.place)
                },
            ])
    }

    // MARK: Stopping

    mutating func translateStopSignal(_ value: ComposeValue) {
        guard let text = text("stop_signal", value) else { return }
        let names = [
            1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 9: "SIGKILL", 10: "SIGUSR1", 12: "SIGUSR2", 15: "SIGTERM",
            28: "SIGWINCH",
        ]
        let upper = text.uppercased()
        let name = Int(text).map { names[$0] ?? text } ?? (upper.hasPrefix("SIG") ? upper : "SIG\(upper)")
        guard names.values.contains(name) else {
            return omit("stop_signal", "Cube cannot stop a task with \(text.quoted)", at: value)
        }
        manifest.set("stop", "signal", .string(name))
    }

    mutating func translateGracePeriod(_ value: ComposeValue) {
        guard let grace = duration("stop_grace_period", value, in: .zero ... .seconds(86_400)) else { return }
        manifest.set("stop", "grace", .string(grace.text))
    }

    // MARK: Order

    mutating func translateDependencies() {
        var names: [String] = []
        for dependency in ProjectContext.dependencies(of: service) {
            let value = dependency.value
            checkDependency(dependency)
            guard let name = context.names[dependency.key] else {
                noteMissingDependency(dependency)
                continue
            }
            let condition = value["condition"]?.text ?? "service_started"
            let target = context.services[dependency.key]
            if condition == "service_started", service["depends_on"] != nil, target?["healthcheck"] != nil,
                !context.jobs.contains(dependency.key)
            {
                note(
                    .changed, .similar, "Cube waits until \(name) is healthy, not only started", key: "depends_on",
                    at: dependency.place)
            }
            if condition == "service_healthy", context.jobs.contains(dependency.key) {
                note(
                    .changed, .similar, "Cube waits until \(name) has completed, because it is a job",
                    key: "depends_on",
                    at: dependency.place)
            }
            names.append(name)
        }
        if !names.isEmpty { manifest["depends_on"] = .strings(names) }
    }

    private mutating func checkDependency(_ dependency: ComposeValue.Member) {
        guard !dependency.value.isNull else { return }
        let path = "depends_on.\(dependency.key)"
        read(
            path, dependency.value,
            by: [
                "condition": { translation, value in
                    let conditions = ["service_started", "service_healthy", "service_completed_successfully"]
                    if !conditions.contains(value.text ?? "") {
                        translation.invalid(
                            "\(path).condition", value, "must be one of \(conditions.joined(separator: ", "))")
                    }
                },
                "required": { _, _ in },
                "restart": { translation, value in
                    // A task that shares the network of another one is restarted with it.
                    let shares = translation.service["network_mode"]?.text == "service:\(dependency.key)"
                    guard value.boolean != false, !shares else { return }
                    translation.omit("\(path).restart", "Cube restarts no dependents", at: value)
                },
            ])
    }

    private mutating func noteMissingDependency(_ dependency: ComposeValue.Member) {
        let declared = context.project.services.contains { $0.key == dependency.key }
        if dependency.value["required"]?.boolean == false {
            return note(
                .info, .noEffect, "\(dependency.key) is not imported, and is not required", key: "depends_on",
                at: dependency.place)
        }
        note(
            .error, .undefinedName,
            declared
                ? "the service \(dependency.key.quoted) belongs to an inactive profile; add --profile"
                : "the project has no service \(dependency.key.quoted)", key: "depends_on", at: dependency.place)
    }
}
