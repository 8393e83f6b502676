package import CubeTypes

/// Something that a task needs beyond the safe default, and that a node must therefore allow.
package enum NeededAllowance: Hashable, Sendable {
    case capability(String)
    case device(String)
    case hostNetwork
    /// A directory or file of the node, by its absolute path.
    case mount(String, readOnly: Bool)

    /// The allowance in words: `capability NET_ADMIN`.
    package var text: String {
        switch self {
        case .capability(let name): "capability \(name)"
        case .device(let path): "device \(path)"
        case .hostNetwork: "the network of the node"
        case .mount(let path, let readOnly): "a \(readOnly ? "read-only " : "")mount of \(path)"
        }
    }

    /// The option of a worker that allows it.
    package var option: String {
        switch self {
        case .capability(let name): "--allow-capability \(name)"
        case .device(let path): "--allow-device \(path)"
        case .hostNetwork: "--allow-host-network"
        case .mount(let path, let readOnly): "--allow-mount \(path)\(readOnly ? ":ro" : "")"
        }
    }
}

extension NeededAllowance: Comparable {
    package static func < (left: NeededAllowance, right: NeededAllowance) -> Bool { left.option < right.option }
}

extension TaskDefinition {
    /// What the task needs beyond the safe default.
    package var neededAllowances: Set<NeededAllowance> {
        let mounts = volumes.compactMap { mount in
            if case .path(let path) = mount.source {
                NeededAllowance.mount(path, readOnly: mount.isReadOnly)
            } else {
                nil
            }
        }
        let network: [NeededAllowance] = network.mode == .host ? [.hostNetwork] : []
        return Set(
            security.capabilities.map(NeededAllowance.capability) + security.devices.map(NeededAllowance.device)
                + mounts + network)
    }
}

extension NodeAllowances {
    /// Whether the node allows something, as far as its configuration shows. The worker decides about symbolic links.
    package func allows(_ need: NeededAllowance) -> Bool {
        switch need {
        case .capability(let name): return capabilities.contains(name)
        case .device(let path): return devices.contains { $0.utf8.elementsEqual(path.utf8) }
        case .hostNetwork: return hostNetwork
        case .mount(let path, let readOnly):
            guard let path = NodePath(path) else { return false }
            return mounts.contains { mount in
                (readOnly || !mount.readOnly) && NodePath(mount.path)?.contains(path) == true
            }
        }
    }

    package func allows(_ needs: Set<NeededAllowance>) -> Bool { needs.allSatisfy(allows) }

    /// Returns why a node does not allow something, and which option allows it; `nil` if it allows everything.
    package func refusal(of needs: Set<NeededAllowance>) -> String? {
        let missing = needs.filter { !allows($0) }
        return missing.isEmpty ? nil : "this node does not allow \(missing.text); \(missing.remedy)"
    }
}

extension Set<NeededAllowance> {
    /// The allowances in words, in a stable order.
    var text: String { sorted().map(\.text).joined(separator: " and ") }

    /// What to do so that a node allows them.
    var remedy: String { "start its worker with \(sorted().map(\.option).joined(separator: " "))" }
}
