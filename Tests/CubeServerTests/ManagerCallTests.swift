import CubeManager
import CubeTesting
import CubeTypes
import Logging
import Testing

@testable import CubeServer

struct ManagerCallTests {
    @Test func `a test can make every call of a manager fail`() async throws {
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: ClusterID(rawValue: "5b1ea2a4-9e0b-4c7a-9b1f-0d2d6f6f7a10")!),
            gateway: ManagerEndpointTests().workers,
            logger: silent, now: { Timestamp(milliseconds: 0) })
        // Endpoints that only other programs call.
        let others: Set = [
            "getDescription", "getPrometheusMetrics", "discoverPrometheusTargets", "discoverTraefikServices",
        ]
        let served = Set(RouteTable.manager(manager).routes.map(\.operation.id)).subtracting(others)
        #expect(Set(ManagerCall.allCases.map(\.rawValue)).subtracting(["watchTasks"]) == served)
    }
}
