// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as any project would have that uses Cube from Swift; only the path would be a URL.
let package = Package(
    name: "deploy",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Without traits: only the clients, and none of the server's dependencies.
        .package(name: "cube", path: "../..", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "deploy",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CubeOrchestratorClient", package: "cube"),
            ])
    ]
)
