// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as any project would have that uses Cube from Swift; only the path would be a URL.
let package = Package(
    name: "follow",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Without traits: only the clients, and none of the server's dependencies.
        .package(name: "cube", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "follow",
            dependencies: [.product(name: "CubeOrchestratorClient", package: "cube")])
    ]
)
