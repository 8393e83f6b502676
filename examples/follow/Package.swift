// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as anybody's who uses Cube from Swift; only the path would be a URL.
let package = Package(
    name: "follow",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Without traits: the clients alone, and nothing fetched for the server.
        .package(name: "cube", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "follow",
            dependencies: [.product(name: "CubeOrchestratorClient", package: "cube")])
    ]
)
