import CubeTypes
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// What runs until a signal ends it.
enum ForegroundProcess {
    /// Runs the services until SIGINT or SIGTERM, or until one fails, then ends them in reverse order.
    ///
    /// - Parameter onHangup: what SIGHUP asks for; `nil`: to end, as when a terminal is closed.
    static func run(_ services: [any Service], onHangup: (@Sendable () -> Void)? = nil) async throws {
        try OpenFiles.requireForServices()
        // What is made is for this user alone; tasks get the usual mask from their supervisor.
        umask(0o077)
        let hangups = onHangup.map { [HangupService(action: $0)] } ?? []
        var configuration = ServiceGroupConfiguration(
            services: (services + hangups).map {
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigint, .sigterm] + (onHangup == nil ? [.sighup] : []), logger: CommandLog.quiet)
        // Blocking queries end at once; what does not is cut off.
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // A part that was still starting when the signal came.
        }
    }

    static var id: pid_t { getpid() }

    /// The name of this machine as a node's name; `local` where it has none that fits.
    static var hostName: NodeName {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return NodeName(rawValue: String(name.lowercased().prefix { $0 != "." })) ?? NodeName(rawValue: "local")!
    }
}

/// Does something with each SIGHUP.
private struct HangupService: Service {
    let action: @Sendable () -> Void

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { action() }
    }
}

extension ServiceGroup {
    /// What runs and ends together. Where one fails, the others are shut down rather than cut off, and its error is thrown.
    init(_ services: [any Service]) {
        self.init(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
                logger: CommandLog.quiet))
    }
}
