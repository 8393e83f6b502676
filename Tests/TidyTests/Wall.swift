/// A row of the table: a target and the modules that its files may import.
///
/// The build rejects an import of an unreachable module, but accepts every module that is reachable through a
/// dependency, and never checks the system's modules.
struct Wall {
    let target: String
    let modules: Set<String>
    let isPure: Bool
    /// Whether other packages import the target.
    let isPublic: Bool

    init(_ target: String, pure: Bool = false, public isPublic: Bool = false, _ modules: String) {
        self.target = target
        self.isPublic = isPublic
        self.modules = Set(modules.split(whereSeparator: \.isWhitespace).map(String.init))
        isPure = pure
    }

    /// Returns the modules that targets import, directly or indirectly, according to a table of all targets.
    static func reach(of targets: Set<String>, in table: [Wall]) -> Set<String> {
        let next = targets.union(table.filter { targets.contains($0.target) }.flatMap(\.modules))
        return next == targets ? targets : reach(of: next, in: table)
    }

    /// The directory of the target's files.
    var directory: String { "\(target.hasSuffix("Tests") ? "Tests" : "Sources")/\(target)" }
}

extension Wall {
    static let table: [Wall] = [
        // The vocabulary.
        Wall("CubeErrors", pure: true, public: true, ""),
        Wall("CubeVersion", pure: true, public: true, ""),
        Wall("CubeTypes", pure: true, public: true, "CubeErrors FoundationEssentials"),

        // JSON and decisions.
        Wall("CubeJSON", pure: true, "Synchronization"),
        Wall("CubeCore", pure: true, "Crypto CubeErrors CubeJSON CubeTypes DequeModule HashTreeCollections HeapModule"),

        // Texts about decisions.
        Wall("CubeText", pure: true, "CubeCore CubeJSON CubeTypes"),

        // Declarations of other programs.
        Wall("CubeImport", pure: true, "CubeCore CubeJSON CubeTypes Yams"),

        // The clients.
        Wall(
            "CubeTransport",
            """
            AsyncHTTPClient Crypto CubeErrors CubeJSON CubeLinux CubeSystem CubeTypes CubeVersion FoundationEssentials Glibc
            Instrumentation Logging Metrics NIOCore NIOHTTP1 NIOPosix NIOSSL Synchronization SystemPackage Tracing
            """),
        Wall("CubeManagerClient", public: true, "CubeErrors CubeTransport CubeTypes CubeVersion"),
        Wall(
            "CubeOrchestratorClient", public: true,
            """
            Configuration CubeCore CubeErrors CubeJSON CubeManagerClient CubeSystem CubeTransport CubeTypes FoundationEssentials
            Synchronization SystemPackage
            """),
        Wall("CubeWorkerClient", public: true, "CubeErrors CubeTransport CubeTypes CubeVersion"),

        // The three layers, none of which knows a client or a server.
        Wall("CubeLinux", ""),
        Wall(
            "CubeCertificates",
            "Crypto CubeErrors CubeSystem CubeTypes FoundationEssentials Glibc SwiftASN1 Synchronization SystemPackage X509"
        ),
        Wall("CubeSystem", "CubeCore CubeErrors CubeLinux CubeTypes Dispatch Glibc Synchronization SystemPackage"),
        Wall(
            "CubeReconciler",
            """
            CubeCore CubeErrors CubeJSON CubeLinux CubeSystem CubeText CubeTypes Dispatch FoundationEssentials Glibc Logging
            ServiceLifecycle Synchronization SystemPackage
            """),
        Wall(
            "CubeManager",
            """
            CubeCore CubeErrors CubeJSON CubeSystem CubeTypes CubeVersion FoundationEssentials GRDB HashTreeCollections
            Logging ServiceLifecycle Synchronization SystemPackage
            """),
        Wall(
            "CubeWorker",
            """
            AsyncHTTPClient CubeCore CubeErrors CubeJSON CubeLinux CubeSystem CubeTypes CubeVersion DequeModule Dispatch
            FoundationEssentials Glibc Logging NIOCore NIOHTTP1 NIOPosix NIOSSL ServiceLifecycle Synchronization SystemPackage
            """),
        Wall(
            "CubeServer",
            """
            Crypto CubeCertificates CubeCore CubeErrors CubeJSON CubeManager CubeSystem CubeTypes CubeVersion CubeWorker
            FoundationEssentials Glibc HTTPTypes Hummingbird HummingbirdCore HummingbirdTLS Logging NIOCore NIOHTTP1 NIOHTTPTypes
            NIOPosix NIOSSL ServiceLifecycle Synchronization SystemPackage
            """),

        // Support for tests, of this repository and of others.
        Wall(
            "CubeTesting", public: true,
            """
            CubeCore CubeErrors CubeManager CubeManagerClient CubeOrchestratorClient CubeServer CubeSystem CubeTransport CubeTypes
            CubeWorker CubeWorkerClient Dispatch FoundationEssentials Logging Synchronization SystemPackage
            """),

        // The programs.
        Wall(
            "cube",
            """
            ArgumentParser CubeCertificates CubeCore CubeErrors CubeImport CubeJSON CubeManager CubeManagerClient CubeOrchestratorClient
            CubeReconciler CubeServer CubeSystem CubeText CubeTransport CubeTypes CubeVersion CubeWorker CubeWorkerClient FoundationEssentials Glibc Logging
            ServiceLifecycle Synchronization SystemPackage UnixSignals
            """),
        Wall(
            "cube-bench",
            """
            ArgumentParser AsyncHTTPClient CubeCore CubeErrors CubeJSON CubeManager CubeManagerClient CubeOrchestratorClient
            CubeReconciler CubeSystem CubeTesting CubeTransport CubeTypes Dispatch FoundationEssentials Glibc GRDB HTTPTypes
            Hummingbird Logging
            NIOCore NIOHTTP1 ServiceLifecycle Synchronization SystemPackage
            """),
        Wall("cube-supervisor", "CubeLinux Glibc"),

        // The tests, each with the targets that it tests and the modules that support it.
        Wall(
            "CommandLineTests",
            """
            ArgumentParser cube CubeCore CubeErrors CubeImport CubeJSON CubeManager CubeReconciler CubeSystem CubeTesting CubeText CubeTypes
            CubeVersion CubeWorker Foundation FoundationEssentials Glibc Synchronization SystemPackage Testing
            """),
        Wall(
            "CubeCertificatesTests",
            "CubeCertificates CubeErrors CubeSystem CubeTypes Foundation Glibc SystemPackage Testing"),
        Wall(
            "CubeCoreTests",
            """
            CubeCore CubeErrors CubeJSON CubeTesting CubeText CubeTypes Foundation FoundationEssentials HashTreeCollections
            Testing
            """),
        Wall("CubeImportTests", "CubeCore CubeImport CubeJSON CubeTypes Foundation Testing"),
        Wall("CubeJSONTests", "CubeJSON CubeTesting Foundation Testing"),
        Wall(
            "CubeManagerTests",
            """
            CubeCore CubeErrors CubeManager CubeTesting CubeTypes Foundation GRDB HashTreeCollections Logging ServiceLifecycle
            Synchronization SystemPackage Testing
            """),
        Wall(
            "CubeReconcilerTests",
            """
            CubeCore CubeErrors CubeJSON CubeManager CubeReconciler CubeSystem CubeTesting CubeTypes Foundation FoundationEssentials Glibc
            Logging Synchronization SystemPackage Testing
            """),
        Wall(
            "CubeServerTests",
            """
            AsyncHTTPClient CubeCertificates CubeCore CubeErrors CubeJSON CubeManager CubeManagerClient CubeOrchestratorClient CubeServer
            CubeTesting CubeTransport CubeTypes CubeVersion CubeWorker CubeWorkerClient FoundationEssentials Glibc HTTPTypes Hummingbird Logging NIOCore
            NIOHTTP1 NIOPosix NIOSSL ServiceLifecycle Synchronization SystemPackage
            Testing
            """),
        Wall(
            "CubeTestingTests",
            """
            CubeErrors CubeManagerClient CubeOrchestratorClient CubeTesting CubeTransport CubeTypes CubeWorkerClient
            Synchronization Testing
            """),
        Wall("CubeTextTests", "CubeCore CubeTesting CubeText CubeTypes Foundation Testing"),
        Wall("CubeTypesTests", "CubeErrors CubeTesting CubeTypes CubeVersion Foundation Synchronization Testing"),
        Wall(
            "CubeSystemTests",
            "CubeCore CubeErrors CubeLinux CubeSystem Dispatch Foundation Glibc Synchronization SystemPackage Testing"),
        Wall(
            "CubeWorkerTests",
            """
            CubeCore CubeErrors CubeSystem CubeTesting CubeTypes CubeWorker Foundation Glibc Logging NIOCore NIOPosix NIOSSL
            Synchronization SystemPackage Testing
            """),
        Wall("EndToEndTests", "CubeTesting CubeTypes Foundation Glibc Synchronization Testing"),
        Wall(
            "GuideTests",
            "CubeErrors CubeManagerClient CubeOrchestratorClient CubeTesting CubeTypes CubeWorkerClient Foundation Testing"
        ),
        Wall("TidyTests", "CubeCore Foundation Testing"),
    ]
}
