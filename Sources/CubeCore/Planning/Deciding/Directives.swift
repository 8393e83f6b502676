import CubeTypes

/// What people told about one name.
struct NameDirectives: Hashable, Sendable {
    /// What ended at this revision or before may be tried again.
    var retry: Int?
    /// When that was said.
    var retryAt: Timestamp?
    /// What began before this revision is to be replaced.
    var restart: Int?
    /// Since when, why and until when it is frozen. The manager takes a directive away when it ends: its clock decides that alone.
    var suspend: Directive?

    static let none = NameDirectives()
}

/// The directives of an owner, by what they are about.
struct DirectiveIndex: Hashable, Sendable {
    private(set) var names: [WorkloadName: NameDirectives] = [:]
    private(set) var approvals: [Directive] = []

    init(_ directives: [Directive] = []) {
        for directive in directives {
            if directive.verb == .approve { approvals.append(directive) }
            guard let name = WorkloadName(rawValue: directive.subject) else { continue }
            switch directive.verb {
            case .retry:
                names[name, default: .none].retry = directive.revision
                names[name, default: .none].retryAt = directive.at
            case .restart: names[name, default: .none].restart = directive.revision
            case .suspend: names[name, default: .none].suspend = directive
            default: break
            }
        }
    }

    /// The names about which the two do not say the same.
    func names(differingFrom other: DirectiveIndex) -> Set<WorkloadName> {
        var different: Set<WorkloadName> = []
        for (name, directives) in names where other.names[name] != directives { different.insert(name) }
        for name in other.names.keys where names[name] == nil { different.insert(name) }
        return different
    }

    /// Whether a person let these changes through, under this guard.
    func approve(_ changes: [HeldChange], heldBy guardName: String) -> Bool {
        approvals.contains { directive in
            guard let hold = directive.approves, hold.guardName == guardName else { return false }
            return Set(hold.changes).isSuperset(of: changes)
        }
    }
}
