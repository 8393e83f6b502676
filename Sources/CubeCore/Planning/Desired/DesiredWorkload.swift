package import CubeJSON
import CubeTypes

/// The declaration of one name.
package enum DesiredWorkload: Hashable, Sendable {
    indirect case readable(Workload)
    /// The declaration is not known, so everything of the name stays unchanged.
    case kept(KeptReason)

    /// Whether the definitions in readable files are invalid together: in conflict, or with an unresolved dependency.
    var isDisputed: Bool {
        switch self {
        case .kept(.disputed), .kept(.unresolvedDependency): true
        case .kept(.unreadable), .kept(.groupInvalid), .readable: false
        }
    }

    /// The canonical form of every part of the declaration that matters. A saved plan becomes stale when it changes.
    func element(_ name: WorkloadName) -> CanonicalJSON {
        switch self {
        case .readable(let workload):
            [
                "name": .string(name.rawValue), "spec": .string(workload.specDigest.rawValue),
                "settings": .string(workload.settingsDigest.rawValue),
                "steering": workload.fields.canonicalSteering(workload.steering),
            ]
        case .kept(let reason): ["name": .string(name.rawValue), "kept": .string(reason.rule.rawValue)]
        }
    }
}

/// The reason why a name is kept unchanged.
package enum KeptReason: Hashable, Sendable {
    /// The files that last defined the name are unreadable.
    case unreadable(files: [BytePath])
    /// The name has more than one readable definition.
    case disputed(places: [SourceRange])
    /// The name depends on an undeclared name or on itself. There is at least one diagnostic.
    case unresolvedDependency([Diagnostic])
    /// The name belongs to a group that must not change while these files are unreadable. The path of the root is empty.
    case groupInvalid(directory: BytePath, files: [BytePath])

    var rule: Rule {
        switch self {
        case .groupInvalid: .groupInvalid
        case .unresolvedDependency(let diagnostics): Rule(rawValue: diagnostics[0].reason.rawValue)
        case .unreadable: .sourceUnreadable
        case .disputed: .duplicateName
        }
    }
}
