/// A row of the table: a target and all that its files may import.
///
/// The build refuses an import that is out of reach, but takes whatever is reachable through a dependency, and never looks
/// at the system's modules.
struct Wall {
    let target: String
    let modules: Set<String>
    let isPure: Bool

    init(_ target: String, pure: Bool = false, _ modules: Set<String>) {
        self.target = target
        self.modules = modules
        isPure = pure
    }

    /// Where its files are.
    var directory: String { "\(target.hasSuffix("Tests") ? "Tests" : "Sources")/\(target)" }
}

extension Wall {
    static let table: [Wall] = [
        Wall("CubeErrors", pure: true, []),
        Wall("CubeVersion", pure: true, []),
        Wall("CubeTypes", pure: true, ["CubeErrors", "CubeVersion", "FoundationEssentials"]),
        Wall("CubeJSON", pure: true, []),
        Wall("CubeCore", pure: true, ["Collections", "Crypto", "CubeErrors", "CubeJSON", "CubeTypes"]),

        Wall(
            "CubeTransport",
            [
                "AsyncHTTPClient", "CubeErrors", "CubeTypes", "CubeVersion", "FoundationEssentials", "Glibc", "Logging",
                "NIOCore", "NIOHTTP1", "NIOPosix",
            ]),
        Wall("CubeManagerClient", ["CubeErrors", "CubeTransport", "CubeTypes", "CubeVersion", "Logging"]),
        Wall("CubeWorkerClient", ["CubeErrors", "CubeTransport", "CubeTypes", "CubeVersion", "Logging"]),

        Wall("CubeLinux", []),
        Wall(
            "CubeReconciler",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeLinux", "CubeTypes", "Dispatch", "FoundationEssentials",
                "Glibc", "Logging", "ServiceLifecycle", "Synchronization", "SystemPackage",
            ]),
        Wall(
            "CubeManager",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeTypes", "CubeVersion", "FoundationEssentials", "GRDB",
                "Glibc", "Logging", "ServiceLifecycle", "Synchronization", "SystemPackage",
            ]),
        Wall(
            "CubeWorker",
            [
                "CubeCore", "CubeErrors", "CubeLinux", "CubeTypes", "CubeVersion", "Dispatch", "FoundationEssentials",
                "Glibc", "Logging", "ServiceLifecycle", "Synchronization", "SystemPackage",
            ]),
        Wall(
            "CubeServer",
            [
                "Crypto", "CubeErrors", "CubeManager", "CubeTypes", "CubeVersion", "CubeWorker",
                "FoundationEssentials", "Glibc", "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging", "NIOCore",
                "NIOHTTP1", "NIOHTTPTypes", "ServiceLifecycle", "SystemPackage",
            ]),

        Wall(
            "cube",
            [
                "ArgumentParser", "CubeCore", "CubeErrors", "CubeJSON", "CubeLinux", "CubeManager",
                "CubeManagerClient", "CubeReconciler", "CubeServer", "CubeTypes", "CubeVersion", "CubeWorker",
                "CubeWorkerClient", "FoundationEssentials", "Glibc", "Logging", "ServiceLifecycle", "Synchronization",
                "SystemPackage",
            ]),
        Wall("cube-supervisor", ["CubeLinux", "Glibc"]),

        Wall(
            "CubeServerTests",
            [
                "AsyncHTTPClient", "CubeCore", "CubeErrors", "CubeManager", "CubeManagerClient", "CubeServer",
                "CubeTransport", "CubeTypes", "CubeVersion", "CubeWorker", "CubeWorkerClient", "FoundationEssentials",
                "Glibc", "HTTPTypes", "Hummingbird", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix", "ServiceLifecycle",
                "SystemPackage", "Testing",
            ]),
        Wall("CubeTypesTests", ["CubeErrors", "CubeTypes", "FoundationEssentials", "Testing"]),
        Wall(
            "CubeReconcilerTests",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeReconciler", "CubeTypes", "Foundation",
                "HashTreeCollections",
                "Logging", "Synchronization", "SystemPackage", "Testing",
            ]),
        Wall(
            "CubeWorkerTests",
            [
                "CubeCore", "CubeErrors", "CubeTypes", "CubeWorker", "Foundation", "Glibc", "Logging", "SystemPackage",
                "Testing",
            ]),
        Wall("TidyTests", ["CubeCore", "FoundationEssentials", "Testing"]),
    ]
}
