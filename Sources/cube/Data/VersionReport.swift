import CubeText
import CubeTypes
import CubeVersion

/// The versions of this program and of the components of a cluster, and whether they work together.
struct VersionReport: Encodable {
    /// A component of the cluster, and the component that calls it.
    struct Component: Encodable, Hashable {
        /// `manager`, or `worker` and the name of its node.
        var name: String
        var version: String
        /// The newest version of the HTTP API that it speaks; `nil` for a version that this program does not know.
        var api: Int?
        /// The component that calls this one: `cube` or `manager`.
        var caller: String
        /// Whether the caller and this component speak a common version of the HTTP API; `nil` if that is unknown.
        var isCompatible: Bool?
        /// Why they do not work together, and what to do.
        var problem: String?

        enum CodingKeys: String, CodingKey {
            case name, version, api, caller, problem
            case isCompatible = "compatible"
        }
    }

    var version: String
    var api: Int
    var oldestAPI: Int
    var commit: String?
    var date: String?
    /// The components of the cluster, if there is one.
    var components: [Component] = []
    private let own: VersionInfo

    enum CodingKeys: String, CodingKey {
        case version, api, commit, date, components
        case oldestAPI = "oldest_api"
    }

    /// - Parameters:
    ///   - own: the versions of this program.
    ///   - note: what the packager recorded in it.
    init(own: VersionInfo = VersionInfo(), note: PackageNote?) {
        self.own = own
        (version, api, oldestAPI) = (own.version, own.api, own.oldestAPI)
        (commit, date) = (note?.commit, note?.date)
    }

    /// Adds the components of a cluster. The manager calls the workers, so a worker is compared with the manager.
    mutating func add(manager: VersionInfo, nodes: [NodeInfo]) {
        components.append(Component(name: "manager", manager, calledBy: "cube", own))
        for node in nodes {
            let name = "worker \(node.name)"
            // The manager knows only the product version of a worker. A newer one may speak versions that are unknown here.
            guard let version = SemanticVersion(node.version), version <= ProductVersion.semantic,
                let api = Compatibility.api(of: version)
            else {
                components.append(Component(name: name, version: node.version, caller: "manager"))
                continue
            }
            let worker = VersionInfo(version: node.version, api: api.upperBound, oldestAPI: api.lowerBound)
            components.append(Component(name: name, worker, calledBy: "manager", manager))
        }
    }

    var lines: [TextLine] {
        let origin = commit.map { "commit \($0)" + (date.map { " of \($0)" } ?? "") }
        return [
            TextLine("cube \(version) (api v\(api))"),
            TextLine(origin ?? "built from source: only packages record their commit"),
        ]
    }

    /// The components of the cluster; `nil` if there is none.
    var table: Table? {
        guard !components.isEmpty else { return nil }
        return Table(
            "COMPONENT", "VERSION", "API", "WORKS WITH",
            rows: components.map { component in
                let api = component.api.map { "v\($0)" } ?? "-"
                let verdict: Table.Cell =
                    switch component.isCompatible {
                    case true?: Table.Cell(component.caller)
                    case false?: Table.Cell("not with \(component.caller): \(component.problem ?? "")", .red)
                    case nil: Table.Cell("unknown: run `cube version` of the newer version", .yellow)
                    }
                return [Table.Cell(component.name), Table.Cell(component.version), Table.Cell(api), verdict]
            })
    }
}

extension VersionReport.Component {
    fileprivate init(name: String, _ version: VersionInfo, calledBy caller: String, _ callerVersion: VersionInfo) {
        let problem = Compatibility.problem(client: callerVersion, server: version)
        self.init(
            name: name, version: version.version, api: version.api, caller: caller, isCompatible: problem == nil,
            problem: problem)
    }
}
