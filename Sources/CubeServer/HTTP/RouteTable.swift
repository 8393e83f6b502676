import CubeTypes
import HTTPTypes
import Hummingbird

/// All endpoints of a server, as data, so that an error about a wrong method can list the supported methods.
struct RouteTable: Sendable {
    enum Match {
        case found(Route, parameters: [String: String])
        case otherMethods([HTTPRequest.Method])
        case nothing
    }

    let routes: [Route]
    private let tree: PathTree

    init(routes: [Route]) {
        self.routes = routes
        tree = routes.enumerated().reduce(into: PathTree()) { tree, route in
            tree.insert(route.element.path[...], route.offset)
        }
    }

    func match(_ method: HTTPRequest.Method, path: String) -> Match {
        let slash = UInt8(ascii: "/")
        guard path.utf8.first == slash else { return .nothing }
        let components = path.utf8.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
        guard let match = tree.match(components.map { Substring($0) }[...]) else { return .nothing }
        let served = match.routes.map { routes[$0] }
        guard let found = served.first(where: { $0.method == method }) else {
            return .otherMethods(served.map(\.method))
        }
        return .found(
            found, parameters: Dictionary(uniqueKeysWithValues: zip(found.parameterNames, match.values)))
    }
}

/// The paths of routes, by their components.
private struct PathTree: Sendable {
    private var literals: [Substring: PathTree] = [:]
    /// What follows a component that matches any value: nothing, or one tree.
    private var named: [PathTree] = []
    /// The routes whose paths end here, by their positions in the table.
    private var routes: [Int] = []

    struct Match {
        var routes: [Int]
        /// The values of the components that match any value.
        var values: [String]
    }

    mutating func insert(_ path: ArraySlice<Substring>, _ route: Int) {
        guard let component = path.first else { return routes.append(route) }
        if Route.parameterName(component) == nil {
            literals[component, default: PathTree()].insert(path.dropFirst(), route)
        } else {
            if named.isEmpty { named.append(PathTree()) }
            named[0].insert(path.dropFirst(), route)
        }
    }

    func match(_ path: ArraySlice<Substring>, after values: [String] = []) -> Match? {
        guard let component = path.first else {
            return routes.isEmpty ? nil : Match(routes: routes, values: values)
        }
        let literal = literals[component]?.match(path.dropFirst(), after: values)
        if let literal, literal.values.count == values.count { return literal }
        guard let tree = named.first, let value = component.percentDecoded, !value.isEmpty,
            let any = tree.match(path.dropFirst(), after: values + [value])
        else { return literal }
        // A literal component takes precedence over a named one: `batch` is not a task id.
        return literal.map { $0.values.count <= any.values.count ? $0 : any } ?? any
    }
}
