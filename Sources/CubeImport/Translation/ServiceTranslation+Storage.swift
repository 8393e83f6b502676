import CubeCore
import CubeTypes

/// What the service mounts: volumes, directories, temporary file systems, configs and secrets.
extension ServiceTranslation {
    // MARK: Volumes

    mutating func translateVolumes(_ value: ComposeValue) {
        guard let elements = value.elements else { return mismatch("volumes", value, expected: "a list") }
        for element in elements {
            if element.members != nil { checkLongMount(element) }
            let mount = element.text.map { ComposeMount(short: $0) } ?? ComposeMount(long: element)
            guard var mount else {
                invalid(
                    "volumes", element,
                    "must be [SOURCE:]TARGET[:MODE] with an absolute target, or a mapping with type and target")
                continue
            }
            guard let target = mountPoint(mount.target, key: "volumes", at: element) else { continue }
            mount.target = target
            switch mount.kind {
            case .bind: addBind(mount, at: element)
            case .volume: addVolume(mount, at: element)
            case .tmpfs:
                addScratch(
                    mount.target, size: element["tmpfs"]?["size"].flatMap { size("volumes.tmpfs.size", $0) },
                    key: "volumes", at: element)
            case .cluster, .npipe, .image:
                omit("volumes", "Cube has no mounts of the type \(mount.kind.rawValue)", at: element)
            }
            for option in mount.options { noteMountOption(option, at: element) }
        }
    }

    private mutating func checkLongMount(_ element: ComposeValue) {
        func known(_: inout ServiceTranslation, _: ComposeValue) {}
        read(
            "volumes", element,
            by: [
                "type": known, "source": known, "target": known, "read_only": known, "tmpfs": known, "image": known,
                "consistency": {
                    $0.note(.info, .noEffect, "it has no effect on Linux", key: "volumes.consistency", at: $1.place)
                },
                "bind": { translation, value in
                    translation.read(
                        "volumes.bind", value,
                        by: [
                            "create_host_path": known,
                            "propagation": {
                                $0.omit("volumes.bind.propagation", "Cube mounts without propagation", at: $1)
                            },
                            "recursive": { $0.omit("volumes.bind.recursive", "the engine's default applies", at: $1) },
                            "selinux": { $0.omit("volumes.bind.selinux", "Cube changes no SELinux labels", at: $1) },
                        ])
                },
                "volume": { translation, value in
                    translation.read(
                        "volumes.volume", value,
                        by: [
                            "nocopy": { $0.noteMountOption("nocopy", at: $1) },
                            "subpath": { $0.omit("volumes.volume.subpath", "Cube mounts a volume as a whole", at: $1) },
                            "labels": { $0.omit("volumes.volume.labels", "Cube has no labels of volumes", at: $1) },
                        ])
                },
            ])
    }

    private mutating func noteMountOption(_ option: String, at value: ComposeValue) {
        switch option {
        case "cached", "delegated", "consistent", "nocopy":
            note(.info, .noEffect, "\(option) has no effect in Cube", key: "volumes", at: value.place)
        case "z", "Z": omit("volumes", "Cube changes no SELinux labels (\(option))", at: value)
        default: omit("volumes", "Cube has no mount option \(option.quoted)", at: value)
        }
    }

    private mutating func addBind(_ mount: ComposeMount, at element: ComposeValue) {
        guard let source = mount.source, !source.isEmpty else {
            return invalid("volumes", element, "must name a source")
        }
        let path = source.absolutePath(from: element.place.file.directory, home: context.home)
        guard path != "/" else {
            return omit(
                "volumes", "Cube does not mount the root directory of a node; mount the directories below it",
                at: element)
        }
        let content = context.sources.content(path)
        // The directory of manifests is meant for version control, where a private file would be public.
        if mount.isReadOnly, case .file(let bytes, let isExecutable, let isPrivate) = content, !isPrivate,
            hasRoom(for: bytes)
        {
            let copy = addFile(named: path.lastPathComponent, bytes, isExecutable: isExecutable)
            addTarget(mount.target, source: copy, mode: isExecutable ? "0555" : nil)
            return note(
                .changed, .copiedFile, "\(source) is copied to \(copy); edit the copy, and Cube replaces the task",
                key: "volumes", at: element.place)
        }
        if content == .missing {
            note(.todo, .unreadable, "\(path) does not exist; create it", key: "volumes", at: element.place)
        }
        manifest.append(
            "volumes",
            .object(
                ("source", .string(path)), ("target", .string(mount.target)),
                ("read_only", mount.isReadOnly ? .boolean(true) : nil)))
        let allowed = mount.isReadOnly ? "\(path):ro" : path
        needWorkerOption("--allow-mount \(allowed.shellWord)", key: "volumes", at: element.place)
        if path.hasSuffix("docker.sock") || path.hasSuffix("podman.sock") {
            note(
                .todo, .workerOption, "whoever can write to the engine's socket has the rights of root on the node",
                key: "volumes", at: element.place)
        }
    }

    private mutating func addVolume(_ mount: ComposeMount, at element: ComposeValue) {
        guard let source = mount.source, !source.isEmpty else {
            let name = ProjectContext.name("\(self.name)\(mount.target)")
            note(
                .changed, .similar, "the anonymous volume is a volume called \(name), which outlives its task",
                key: "volumes",
                at: element.place)
            return addVolume(name, mount)
        }
        guard let declaration = context.project.volumes[source] else {
            return note(
                .error, .undefinedName, "the project declares no volume \(source.quoted)", key: "volumes",
                at: element.place)
        }
        let name = context.volumeNames[source] ?? source
        if name != source {
            note(.changed, .renamed, "the volume \(source) is called \(name)", key: "volumes", at: element.place)
        }
        let isExternal = declaration["external"]?.boolean ?? false
        let engineName = declaration["name"]?.text ?? (isExternal ? source : "\(context.project.name)_\(source)")
        note(
            .todo, .volumeData,
            "Cube's volume \(name) is empty at first; if the engine's volume \(engineName) has data, copy it",
            key: "volumes",
            at: element.place)
        addVolume(name, mount)
    }

    private mutating func addVolume(_ name: String, _ mount: ComposeMount) {
        manifest.append(
            "volumes",
            .object(
                ("name", .string(name)), ("target", .string(mount.target)),
                ("read_only", mount.isReadOnly ? .boolean(true) : nil)))
    }

    // MARK: Temporary file systems

    mutating func translateTemporaryFileSystems(_ value: ComposeValue) {
        for element in value.asList.elements ?? [] {
            guard let text = text("tmpfs", element) else { continue }
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard let target = parts.first, target.hasPrefix("/") else {
                invalid("tmpfs", element, "must begin with an absolute path")
                continue
            }
            var bytes: Int64?
            for option in parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : [] {
                if option.hasPrefix("size=") {
                    bytes = ComposeUnits.bytes(String(option.dropFirst("size=".count)))
                } else if !["rw", "nosuid", "nodev", "noexec"].contains(option) {
                    omit("tmpfs", "Cube has no option \(option.quoted) of scratch space", at: element)
                }
            }
            if let target = mountPoint(target, key: "tmpfs", at: element) {
                addScratch(target, size: bytes, key: "tmpfs", at: element)
            }
        }
    }

    mutating func translateSharedMemory(_ value: ComposeValue) {
        guard let bytes = size("shm_size", value),
            let target = mountPoint("/dev/shm", key: "shm_size", at: value)
        else { return }
        addScratch(target, size: bytes, key: "shm_size", at: value)
    }

    private mutating func addScratch(_ target: String, size: Int64?, key: String, at value: ComposeValue) {
        if size ?? 0 <= 0 {
            note(
                .changed, .similar, "scratch space has a size in Cube; 64MiB are set for \(target)", key: key,
                at: value.place)
        }
        manifest.append(
            "volumes",
            .object(
                ("scratch", ComposeUnits.size(size.flatMap { $0 > 0 ? $0 : nil } ?? 64 << 20)),
                ("target", .string(target))))
    }

    // MARK: Configs and secrets

    mutating func translateConfigs(_ value: ComposeValue) {
        for grant in grants("configs", value, of: context.project.configs) {
            guard let target = mountPoint(grant.target ?? grant.name, key: "configs", at: grant.value) else { continue }
            let content: (bytes: [UInt8], isExecutable: Bool)?
            if let text = grant.declaration["content"]?.stringText {
                content = (Array(text.utf8), false)
            } else if let variable = grant.declaration["environment"]?.text {
                content = (Array((context.project.variables[variable] ?? "").utf8), false)
            } else {
                content = configFile(grant)
            }
            guard let content else { continue }
            guard hasRoom(for: content.bytes) else {
                omit("configs", "\(grant.name) exceeds 1 MiB, the limit for all files of a workload", at: grant.value)
                continue
            }
            let wanted = grant.declaration["file"]?.text?.lastPathComponent ?? grant.name
            let copy = addFile(named: wanted, content.bytes, isExecutable: content.isExecutable)
            addTarget(target, source: copy, mode: grant.mode ?? (content.isExecutable ? "0555" : nil))
            note(.changed, .copiedFile, "\(grant.name) is copied to \(copy)", key: "configs", at: grant.value.place)
        }
    }

    private mutating func configFile(_ grant: Grant) -> (bytes: [UInt8], isExecutable: Bool)? {
        guard let file = grant.declaration["file"], let text = file.text else {
            omit(
                "configs", "\(grant.name) is external, so its content is not known here; add it to `files`",
                at: grant.value)
            return nil
        }
        let path = text.absolutePath(from: file.place.file.directory, home: context.home)
        do throws(ImportNote) {
            let bytes = try context.sources.bytes(path, namedAt: file.place)
            guard case .file(_, let isExecutable, _) = context.sources.content(path) else { return nil }
            return (bytes, isExecutable)
        } catch {
            notes.append(withService(error))
            return nil
        }
    }

    mutating func translateSecrets(_ value: ComposeValue) {
        for grant in grants("secrets", value, of: context.project.secrets) {
            let path = (grant.target ?? grant.name).absolutePath(from: "/run/secrets", home: nil)
            guard let target = mountPoint(path, key: "secrets", at: grant.value) else { continue }
            let secret = ContentSource.isSecretName(grant.name) ? grant.name : ProjectContext.name(grant.name)
            addTarget(target, source: "secret:\(secret)", mode: grant.mode)
            let origin: String
            if let file = grant.declaration["file"]?.text {
                origin = "copy \(file)"
            } else if let variable = grant.declaration["environment"]?.text {
                origin = "write the value of \(variable)"
            } else {
                origin = "write the value of the external secret \(grant.declaration["name"]?.text ?? grant.name)"
            }
            note(
                .todo, .secretFile, "\(origin) to \(secret) in the worker's directory of secrets (.cube/secrets)",
                key: "secrets",
                at: grant.value.place)
        }
    }

    /// The use of a config or secret by the service.
    private struct Grant {
        var name: String
        var declaration: ComposeValue
        var target: String?
        var mode: String?
        var value: ComposeValue
    }

    private mutating func grants(_ key: String, _ value: ComposeValue, of declarations: [String: ComposeValue])
        -> [Grant]
    {
        guard let elements = value.elements else {
            mismatch(key, value, expected: "a list")
            return []
        }
        var grants: [Grant] = []
        for element in elements {
            guard let name = element["source"]?.text ?? element.text else {
                mismatch(key, element, expected: "a name")
                continue
            }
            guard let declaration = declarations[name] else {
                note(
                    .error, .undefinedName, "the project declares no \(key.dropLast()) \(name.quoted)", key: key,
                    at: element.place)
                continue
            }
            var grant = Grant(name: name, declaration: declaration, value: element)
            if element.members != nil {
                func owner(_ translation: inout ServiceTranslation, _ value: ComposeValue) {
                    translation.omit(key, "the file belongs to the user of the task", at: value)
                }
                read(
                    key, element,
                    by: ["source": { _, _ in }, "target": { _, _ in }, "mode": { _, _ in }, "uid": owner, "gid": owner])
                grant.target = element["target"]?.text
                grant.mode = element["mode"].flatMap { mode(key, $0) }
            }
            grants.append(grant)
        }
        return grants
    }

    /// Returns permissions in the notation of manifests. Compose takes a decimal number for what it is, so `0440` and `288` are equal.
    private mutating func mode(_ key: String, _ value: ComposeValue) -> String? {
        guard case .scalar(let scalar) = value.content,
            let mode = scalar.isPlain ? value.stringText.flatMap({ Int($0) }) : Int(scalar.text, radix: 8),
            (0...0o777).contains(mode)
        else {
            invalid(key, value, "must be permissions such as 0440")
            return nil
        }
        return TaskFile(source: ContentSource(""), target: "", mode: mode).modeText
    }

    private mutating func addTarget(_ target: String, source: String, mode: String?) {
        manifest.append(
            "files",
            .object(
                ("source", .string(source)), ("target", .string(target)),
                ("mode", mode.map { .string($0) })))
    }
}
