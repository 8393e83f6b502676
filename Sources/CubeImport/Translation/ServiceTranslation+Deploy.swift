import CubeCore
import CubeTypes

/// How many tasks run, where they run and how they are replaced; and labels.
extension ServiceTranslation {
    mutating func translateReplicas(_ key: String, _ value: ComposeValue) {
        guard let replicas = integer(key, value, in: 0...10_000) else { return }
        manifest["replicas"] = replicas == 1 ? nil : .integer(replicas)
    }

    mutating func translateDeploy(_ value: ComposeValue) {
        // Before the restart policy, as a job begins without one.
        if let mode = value["mode"], !mode.isNull { translateMode(mode) }
        read(
            "deploy", value,
            by: [
                "mode": { _, _ in },
                "replicas": { $0.translateReplicas("deploy.replicas", $1) },
                "resources": { $0.translateResources($1) },
                "restart_policy": { $0.translateRestartPolicy($1) },
                "update_config": { $0.translateUpdate($1) },
                "placement": { $0.translatePlacement($1) },
                "rollback_config": {
                    $0.omit("deploy.rollback_config", "Cube goes back at the pace of `update`", at: $1)
                },
                "endpoint_mode": {
                    $0.omit("deploy.endpoint_mode", "Cube has no virtual addresses of services", at: $1)
                },
                "labels": { $0.omit("deploy.labels", "only `labels` of the service are translated", at: $1) },
            ])
    }

    private mutating func translateMode(_ value: ComposeValue) {
        switch value.text {
        case "replicated": break
        case "replicated-job":
            manifest["kind"] = .string("job")
            manifest["restart"] = nil
        case "global", "global-job":
            omit("deploy.mode", "Cube does not run one task on each node; `replicas` says how many run", at: value)
        default: invalid("deploy.mode", value, "must be replicated, global, replicated-job or global-job")
        }
    }

    // MARK: Updates

    private mutating func translateUpdate(_ value: ComposeValue) {
        let path = "deploy.update_config"
        let startsFirst = value["order"]?.text == "start-first"
        if startsFirst {
            manifest.set("update", "max_unavailable", .integer(0))
            manifest.set("update", "max_surge", .integer(1))
        }
        read(
            path, value,
            by: [
                "order": { translation, value in
                    guard !["start-first", "stop-first"].contains(value.text) else { return }
                    translation.invalid("\(path).order", value, "must be stop-first or start-first")
                },
                "parallelism": { translation, value in
                    guard let number = translation.integer("\(path).parallelism", value, in: 0...10_000) else { return }
                    // 0 stands for all tasks at once.
                    let count = number == 0 ? 10_000 : number
                    translation.manifest.set("update", startsFirst ? "max_surge" : "max_unavailable", .integer(count))
                },
                "failure_action": { translation, value in
                    switch value.text {
                    case "pause": break
                    case "rollback": translation.manifest.set("update", "on_failure", .string("revert"))
                    case "continue":
                        translation.omit("\(path).failure_action", "Cube stops a rollout whose tasks fail", at: value)
                    default:
                        translation.invalid("\(path).failure_action", value, "must be pause, continue or rollback")
                    }
                },
                "monitor": { translation, value in
                    guard
                        let time = translation.duration("\(path).monitor", value, in: .zero ... .seconds(86_400))
                    else { return }
                    translation.manifest.set("update", "min_healthy", .string(time.text))
                },
                "delay": { translation, value in
                    guard value.text != "0s" else { return }
                    translation.omit(
                        "\(path).delay", "Cube goes on when a new task has been healthy for `update.min_healthy`",
                        at: value)
                },
                "max_failure_ratio": { translation, value in
                    guard value.text != "0" else { return }
                    translation.omit(
                        "\(path).max_failure_ratio", "Cube tolerates no failed task in a rollout", at: value)
                },
            ])
    }

    // MARK: Placement

    private mutating func translatePlacement(_ value: ComposeValue) {
        let path = "deploy.placement"
        read(
            path, value,
            by: [
                "constraints": { translation, value in
                    for (text, element) in zip(translation.strings("\(path).constraints", value), value.elements ?? [])
                    {
                        translation.translateConstraint(text, at: element)
                    }
                },
                "preferences": { $0.translatePreferences($1) },
                "max_replicas_per_node": {
                    $0.omit("\(path).max_replicas_per_node", "Cube has no limit of tasks per node", at: $1)
                },
            ])
    }

    private mutating func translateConstraint(_ text: String, at value: ComposeValue) {
        let key = "deploy.placement.constraints"
        let isNegative = text.contains("!=")
        let parts = text.replacingOperator.split(separator: "=", omittingEmptySubsequences: true).map(String.init)
        guard parts.count == 2 else { return invalid(key, value, "must be NAME == VALUE or NAME != VALUE") }
        let (name, wanted) = (parts[0].trimmed, parts[1].trimmed)
        guard let label = name.nodeLabel else {
            return omit(
                key, "only labels select nodes in Cube; give the nodes a label (--label) and use it here", at: value)
        }
        let group = isNegative ? "not" : "labels"
        if let present = constraints[group]?[label] {
            guard present != wanted else { return }
            return omit(
                key, "Cube compares a label with one value; \(label) is compared with \(present.quoted) already",
                at: value)
        }
        constraints[group, default: [:]][label] = wanted
        setConstraints()
    }

    private mutating func translatePreferences(_ value: ComposeValue) {
        let key = "deploy.placement.preferences"
        guard let preferences = value.elements else { return mismatch(key, value, expected: "a list") }
        for preference in preferences {
            read(
                key, preference,
                by: [
                    "spread": { translation, value in
                        guard let name = translation.text("\(key).spread", value) else { return }
                        translation.spread(over: name, key, at: value)
                    }
                ])
        }
    }

    private mutating func spread(over name: String, _ key: String, at value: ComposeValue) {
        guard let label = name.nodeLabel, label.utf8.count <= TextBounds.labelName else {
            return omit(
                key, "Cube spreads tasks over labels of nodes only; give the nodes a label (--label) and use it here",
                at: value)
        }
        guard label != spread else { return }
        guard spread == nil else {
            return omit(key, "Cube spreads the tasks of a workload over one label only", at: value)
        }
        spread = label
        setConstraints()
        note(
            .changed, .similar,
            "a node without the label \(label.quoted) gets a task only if no other node can run it; in Swarm, such nodes get "
                + "their share", key: key, at: value.place)
    }

    private mutating func setConstraints() {
        let groups = ["labels", "not"].compactMap { group in constraints[group].map { (group, $0) } }
        manifest["constraints"] = .object(
            groups.map { .init($0, .strings($1)) } + (spread.map { [.init("spread", .string($0))] } ?? []))
    }

    // MARK: Labels

    mutating func translateLabels(_ value: ComposeValue) {
        guard let members = value.asMapping.members else {
            return mismatch("labels", value, expected: "a mapping or a list")
        }
        var labels: [String: String] = [:]
        for member in members {
            let text = member.value.isNull ? "" : text("labels.\(member.key)", member.value) ?? ""
            if member.key.isEmpty || member.key.utf8.count > TextBounds.labelName
                || text.utf8.count > TextBounds.labelValue
                || labels.count >= TextBounds.labels
            {
                omit(
                    "labels.\(member.key)",
                    "Cube has at most \(TextBounds.labels) labels with names of \(TextBounds.labelName) and values of "
                        + "\(TextBounds.labelValue) bytes", at: member.value)
            } else {
                labels[member.key] = text
            }
        }
        guard !labels.isEmpty else { return }
        manifest["labels"] = .strings(labels)
        note(
            .changed, .labels,
            "the labels belong to the workload, not to its containers, so programs that ask the engine, such as Traefik, do "
                + "not see them", key: "labels", at: value.place)
    }
}

extension String {
    /// The name of the label in `node.labels.NAME`; `nil` if the text is something else.
    fileprivate var nodeLabel: String? {
        let start = "node.labels."
        return hasPrefix(start) && utf8.count > start.utf8.count ? String(dropFirst(start.count)) : nil
    }

    fileprivate var replacingOperator: String { filter { $0 != "!" } }

    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
