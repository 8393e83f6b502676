// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target: strict, the same everywhere, and no warning survives.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

extension Target {
    /// A library target with the strict settings.
    static func library(_ name: String, _ dependencies: [Dependency] = []) -> Target {
        .target(name: name, dependencies: dependencies, swiftSettings: strict)
    }

    /// A test target with the strict settings; `data` are folders that its tests read.
    static func tests(_ name: String, _ dependencies: [Dependency], data: [String] = []) -> Target {
        .testTarget(name: name, dependencies: dependencies, exclude: data, swiftSettings: strict)
    }
}

extension Target.Dependency {
    /// A product that no client needs: a package that asks for the clients alone, with `traits: []`, does not fetch it.
    private static func server(_ name: String, of package: String) -> Target.Dependency {
        product(name: name, package: package, condition: .when(traits: ["Server"]))
    }

    static let argumentParser = server("ArgumentParser", of: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let dequeModule = product(name: "DequeModule", package: "swift-collections")
    static let grdb = server("GRDB", of: "GRDB.swift")
    static let hashTreeCollections = product(name: "HashTreeCollections", package: "swift-collections")
    static let heapModule = product(name: "HeapModule", package: "swift-collections")
    static let certificates = server("X509", of: "swift-certificates")
    static let asn1 = server("SwiftASN1", of: "swift-asn1")
    static let httpTypes = server("HTTPTypes", of: "swift-http-types")
    static let hummingbird = server("Hummingbird", of: "hummingbird")
    static let hummingbirdCore = server("HummingbirdCore", of: "hummingbird")
    static let hummingbirdTLS = server("HummingbirdTLS", of: "hummingbird")
    static let instrumentation = product(name: "Instrumentation", package: "swift-distributed-tracing")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes = server("NIOHTTPTypes", of: "swift-nio-extras")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = server("ServiceLifecycle", of: "swift-service-lifecycle")
    static let tracing = product(name: "Tracing", package: "swift-distributed-tracing")
    static let unixSignals = server("UnixSignals", of: "swift-service-lifecycle")
    static let systemPackage = product(name: "SystemPackage", package: "swift-system")
    static let yams = server("Yams", of: "Yams")
}

let package = Package(
    name: "cube",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CubeErrors", targets: ["CubeErrors"]),
        .library(name: "CubeVersion", targets: ["CubeVersion"]),
        .library(name: "CubeTypes", targets: ["CubeTypes"]),
        .library(name: "CubeWorkerClient", targets: ["CubeWorkerClient"]),
        .library(name: "CubeManagerClient", targets: ["CubeManagerClient"]),
        .library(name: "CubeTesting", targets: ["CubeTesting"]),
        .library(name: "CubeOrchestratorClient", targets: ["CubeOrchestratorClient"]),
        .executable(name: "cube", targets: ["cube"]),
        .executable(name: "cube-supervisor", targets: ["cube-supervisor"]),
    ],
    traits: [
        .default(enabledTraits: ["Server"]),
        .trait(name: "Server", description: "The programs, and the cluster for tests; the clients need none of it."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        // Without traits, as the HTTP client asks for it: nothing of Foundation comes with it.
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.32.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // The vocabulary, public.
        .library("CubeErrors"),
        .library("CubeVersion"),
        .library("CubeTypes", ["CubeErrors"]),

        // Pure: reading JSON, deciding.
        .library("CubeJSON"),
        .library(
            "CubeCore",
            ["CubeErrors", "CubeJSON", "CubeTypes", .crypto, .dequeModule, .hashTreeCollections, .heapModule]),

        // Putting into words what is decided.
        .library("CubeText", ["CubeCore", "CubeJSON", "CubeTypes"]),

        // Turning the declarations of other programs into manifests.
        .library("CubeImport", ["CubeCore", "CubeJSON", "CubeTypes", .yams]),

        // The clients, public, and what they stand on.
        .library(
            "CubeTransport",
            [
                "CubeErrors", "CubeJSON", "CubeLinux", "CubeSystem", "CubeTypes", "CubeVersion", .asyncHTTPClient,
                .crypto, .instrumentation,
                .logging,
                .metrics,
                .nioCore, .nioHTTP1, .nioPosix, .nioSSL, .systemPackage, .tracing,
            ]),
        .library("CubeManagerClient", ["CubeErrors", "CubeTransport", "CubeTypes", "CubeVersion"]),
        .library(
            "CubeOrchestratorClient",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeManagerClient", "CubeSystem", "CubeTransport", "CubeTypes",
                .configuration, .systemPackage,
            ]),
        .library("CubeWorkerClient", ["CubeErrors", "CubeTransport", "CubeTypes", "CubeVersion"]),

        // The three layers; none knows a client or a server.
        .systemLibrary(name: "CubeLinux"),
        .library(
            "CubeCertificates",
            ["CubeErrors", "CubeSystem", "CubeTypes", .asn1, .certificates, .crypto, .systemPackage]),
        .library("CubeSystem", ["CubeCore", "CubeErrors", "CubeLinux", "CubeTypes", .systemPackage]),
        .library(
            "CubeReconciler",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeLinux", "CubeSystem", "CubeText", "CubeTypes", .logging,
                .serviceLifecycle, .systemPackage,
            ]),
        .library(
            "CubeManager",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeSystem", "CubeTypes", "CubeVersion", .grdb,
                .hashTreeCollections, .logging, .serviceLifecycle, .systemPackage,
            ]),
        .library(
            "CubeWorker",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeLinux", "CubeSystem", "CubeTypes", "CubeVersion",
                .asyncHTTPClient, .dequeModule, .logging, .nioCore, .nioHTTP1, .nioPosix, .nioSSL, .serviceLifecycle,
                .systemPackage,
            ]),
        .library(
            "CubeServer",
            [
                "CubeCertificates", "CubeCore", "CubeErrors", "CubeJSON", "CubeManager", "CubeSystem", "CubeTypes",
                "CubeVersion",
                "CubeWorker", .crypto,
                .httpTypes, .hummingbird, .hummingbirdCore, .hummingbirdTLS, .logging, .nioCore, .nioHTTP1,
                .nioHTTPTypes, .nioPosix, .nioSSL,
                .serviceLifecycle, .systemPackage,
            ]),

        // A manager and workers in one process, public: for tests of programs that use the clients, and for our own.
        .library(
            "CubeTesting",
            [
                "CubeCore", "CubeErrors", "CubeManager", "CubeManagerClient", "CubeOrchestratorClient", "CubeServer",
                "CubeSystem", "CubeTransport", "CubeTypes", "CubeWorker", "CubeWorkerClient", .logging, .systemPackage,
            ]),

        // The programs.
        .executableTarget(
            name: "cube",
            dependencies: [
                "CubeCertificates", "CubeCore", "CubeErrors", "CubeImport", "CubeJSON", "CubeManager",
                "CubeManagerClient",
                "CubeOrchestratorClient", "CubeReconciler", "CubeServer", "CubeSystem", "CubeText", "CubeTransport",
                "CubeTypes", "CubeVersion", "CubeWorker",
                "CubeWorkerClient",
                .argumentParser,
                .logging, .serviceLifecycle, .systemPackage, .unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "cube-bench",
            dependencies: [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeManager", "CubeManagerClient", "CubeOrchestratorClient",
                "CubeReconciler", "CubeSystem", "CubeTesting", "CubeTransport", "CubeTypes", .argumentParser,
                .asyncHTTPClient, .grdb,
                .httpTypes, .hummingbird, .logging, .nioCore, .nioHTTP1, .serviceLifecycle, .systemPackage,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "cube-supervisor", dependencies: ["CubeLinux"], swiftSettings: strict,
            // lld, as gold warns of `dlopen` in the standard library, which the supervisor never calls.
            linkerSettings: [.unsafeFlags(["-static-executable", "-use-ld=lld"])]),

        // Tests.
        .tests(
            "CommandLineTests",
            [
                "CubeCore", "CubeErrors", "CubeImport", "CubeJSON", "CubeManager", "CubeReconciler", "CubeSystem",
                "CubeTesting", "CubeText", "CubeTypes", "CubeVersion", "CubeWorker", "cube", .argumentParser,
                .systemPackage,
            ]),
        .tests(
            "CubeCoreTests",
            ["CubeCore", "CubeErrors", "CubeJSON", "CubeTesting", "CubeText", "CubeTypes", .hashTreeCollections],
            data: ["Planning/Golden"]),
        .tests("CubeImportTests", ["CubeCore", "CubeImport", "CubeJSON", "CubeTypes"], data: ["Compose"]),
        .tests("CubeJSONTests", ["CubeJSON", "CubeTesting"]),
        .tests(
            "CubeCertificatesTests", ["CubeCertificates", "CubeErrors", "CubeSystem", "CubeTypes", .systemPackage]),
        .tests(
            "CubeServerTests",
            [
                "CubeCertificates", "CubeCore", "CubeErrors", "CubeJSON", "CubeManager", "CubeManagerClient",
                "CubeOrchestratorClient",
                "CubeServer", "CubeTesting", "CubeTransport", "CubeTypes", "CubeVersion", "CubeWorker",
                "CubeWorkerClient", .asyncHTTPClient, .httpTypes, .hummingbird, .logging,
                .nioCore,
                .nioHTTP1, .nioPosix, .nioSSL, .serviceLifecycle, .systemPackage,
            ],
            data: ["Protocol"]),
        .tests(
            "CubeManagerTests",
            [
                "CubeCore", "CubeErrors", "CubeManager", "CubeTesting", "CubeTypes", .grdb, .hashTreeCollections,
                .logging,
                .serviceLifecycle, .systemPackage,
            ]),
        .tests(
            "CubeTestingTests",
            [
                "CubeErrors", "CubeManagerClient", "CubeOrchestratorClient", "CubeTesting", "CubeTransport",
                "CubeTypes",
                "CubeWorkerClient",
            ]),
        .tests("CubeTextTests", ["CubeCore", "CubeTesting", "CubeText", "CubeTypes"]),
        .tests("CubeTypesTests", ["CubeErrors", "CubeTesting", "CubeTypes", "CubeVersion"]),
        // `swift build --build-tests` builds the programs too; a dependency on them would link the tests statically.
        .tests("EndToEndTests", ["CubeTesting", "CubeTypes"], data: ["Scenarios"]),
        .tests(
            "GuideTests",
            [
                "CubeErrors", "CubeManagerClient", "CubeOrchestratorClient", "CubeTesting", "CubeTypes",
                "CubeWorkerClient",
            ]),
        .tests(
            "CubeReconcilerTests",
            [
                "CubeCore", "CubeErrors", "CubeJSON", "CubeManager", "CubeReconciler", "CubeSystem", "CubeTesting",
                "CubeTypes", .logging,
                .systemPackage,
            ]),
        .tests("CubeSystemTests", ["CubeCore", "CubeErrors", "CubeLinux", "CubeSystem", .systemPackage]),
        .tests(
            "CubeWorkerTests",
            [
                "CubeCore", "CubeErrors", "CubeSystem", "CubeTesting", "CubeTypes", "CubeWorker", .logging, .nioCore,
                .nioPosix, .nioSSL, .systemPackage,
            ]),
        .tests("TidyTests", ["CubeCore"]),
    ]
)
