import CubeCore
import CubeErrors
import CubeManager
import CubeTesting
import CubeTypes
import Hummingbird
import Testing

@testable import CubeServer

@Suite struct RouteTableTests {
    private func table(_ paths: [(HTTPRequest.Method, String)]) -> RouteTable {
        RouteTable(
            routes: paths.map { method, path in
                Route(method, path, .everybody, Operation("test", "Test.", .nothing("Done."))) { _ in .noContent }
            })
    }

    /// The found path and its parameters; the other methods; nothing.
    private func found(_ table: RouteTable, _ method: HTTPRequest.Method, _ path: String) -> String {
        switch table.match(method, path: path) {
        case .found(let route, let parameters):
            "\(route.path.joined(separator: "/")) \(parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })"
        case .otherMethods(let methods): "\(methods.map(\.rawValue).sorted())"
        case .nothing: "nothing"
        }
    }

    @Test func `a path is found by its components`() {
        let table = table([
            (.get, "/tasks"), (.post, "/tasks"), (.post, "/tasks/batch"), (.get, "/tasks/{id}"),
            (.delete, "/tasks/{id}"),
            (.get, "/tasks/{id}/logs"), (.get, "/{kind}/batch/logs"), (.put, "/owners/{owner}/names/{name}"),
        ])
        #expect(found(table, .get, "/tasks") == "tasks []")
        #expect(found(table, .put, "/tasks") == #"["GET", "POST"]"#)
        #expect(found(table, .get, "/tasks/a") == #"tasks/{id} ["id=a"]"#)
        #expect(found(table, .get, "/tasks/a%20%2Fb") == #"tasks/{id} ["id=a /b"]"#)
        #expect(found(table, .put, "/owners/o/names/n") == #"owners/{owner}/names/{name} ["name=n", "owner=o"]"#)
        // A literal component takes precedence, also over a method.
        #expect(found(table, .post, "/tasks/batch") == "tasks/batch []")
        #expect(found(table, .get, "/tasks/batch") == #"["POST"]"#)
        // Of two paths with as many named components, the one whose first component is literal.
        #expect(found(table, .get, "/tasks/batch/logs") == #"tasks/{id}/logs ["id=batch"]"#)
        #expect(found(table, .get, "/x/batch/logs") == #"{kind}/batch/logs ["kind=x"]"#)
        for path in [
            "", "tasks", "/", "/tasks/", "/tasks//logs", "/tasks/%FF", "/tasks/%", "/Tasks", "/tasks/a/logs/b",
        ] {
            #expect(found(table, .get, path) == "nothing", "\(path)")
        }
    }
}
