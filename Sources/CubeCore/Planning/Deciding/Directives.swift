import CubeTypes

/// The directives that people gave for one name.
struct NameDirectives: Hashable, Sendable {
    /// The revision of the last retry: tasks that ended at this revision or before may be tried again.
    var retry: Int?
    /// The time of the last retry.
    var retryAt: Timestamp?
    /// The revision of the last restart: tasks that were created before this revision are replaced.
    var restart: Int?
    /// The directive that freezes the name, with its start, reason and end. Only the manager removes an expired directive, by its
    /// own clock.
    var suspend: Directive?

    static let none = NameDirectives()
}

/// The directives of an owner, indexed by their subjects.
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

    /// Returns the names whose directives differ between the two indexes.
    func names(differingFrom other: DirectiveIndex) -> Set<WorkloadName> {
        var different: Set<WorkloadName> = []
        for (name, directives) in names where other.names[name] != directives { different.insert(name) }
        for name in other.names.keys where names[name] == nil { different.insert(name) }
        return different
    }

    /// Returns whether a person approved all of these changes under the given guard.
    func approve(_ changes: [HeldChange], heldBy guardName: String) -> Bool {
        approvals.contains { directive in
            guard let hold = directive.approves, hold.guardName == guardName else { return false }
            return Set(hold.changes).isSuperset(of: changes)
        }
    }
}
