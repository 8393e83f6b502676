import CubeTypes
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// A process in the foreground, which runs services until a signal ends it.
enum ForegroundProcess {
    /// Runs the services until SIGINT, SIGTERM or SIGHUP arrives or one of them fails, and then ends them in reverse order.
    ///
    /// - Parameters:
    ///   - logger: Logs which signal ends the process; `nil` if the command has no log.
    ///   - onHangup: The action for SIGHUP; if `nil`, SIGHUP ends the process, as when a terminal is closed.
    static func run(
        _ services: [any Service], logger: Logger? = nil, onHangup: (@Sendable () -> Void)? = nil
    ) async throws {
        try OpenFiles.requireForServices()
        // New files and directories are private to this user. The supervisor gives tasks the usual mask.
        umask(0o077)
        // Trapped before the services start, which can keep all threads busy.
        let signals = await UnixSignalsSequence(trapping: UnixSignal.ending)
        defer { withExtendedLifetime(signals) {} }
        let trap = SignalService(signals: signals, onHangup: onHangup, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: (services + [trap]).map {
                ServiceGroupConfiguration.ServiceConfiguration($0, successTerminationBehavior: .gracefullyShutdownGroup)
            }, logger: CommandLog.quiet)
        // Blocking queries end immediately. A service that takes longer than this is cancelled.
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // The signal arrived while a service was still starting.
        }
    }

    static var id: pid_t { getpid() }

    /// The host name as the machine has it; `nil` if it is not a valid DNS name.
    static var fullHostName: String? {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard case .tcp(let host, _) = Endpoint.Address("\(name):1") else { return nil }
        return host.lowercased()
    }

    /// The host name, for use as a node name; `local` if the host name is not a valid node name.
    static var hostName: NodeName {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return NodeName(rawValue: String(name.lowercased().prefix { $0 != "." })) ?? NodeName(rawValue: "local")!
    }
}

/// Ends, and with it the other services, when a signal arrives that ends the process.
private struct SignalService: Service {
    let signals: UnixSignalsSequence
    /// The action for SIGHUP; if `nil`, SIGHUP ends the process.
    let onHangup: (@Sendable () -> Void)?
    let logger: Logger?

    func run() async throws {
        for await signal in signals.cancelOnGracefulShutdown() {
            if signal == .sighup, let onHangup {
                onHangup()
            } else {
                logger?.info("received \(signal); shutting down")
                return
            }
        }
    }
}

extension ServiceGroup {
    /// Creates a group of services that run and end together. If one fails, the others are shut down gracefully, and
    /// its error is thrown.
    init(_ services: [any Service]) {
        self.init(
            configuration: ServiceGroupConfiguration(
                services: services.map { ServiceGroupConfiguration.ServiceConfiguration($0) },
                logger: CommandLog.quiet))
    }
}

extension ServiceGroupConfiguration.ServiceConfiguration {
    /// Creates the configuration of a service whose failure ends the group gracefully.
    ///
    /// It is named after its type. By default, a service is named by its text, for which all its contents would be written out at
    /// each start: routes, descriptions, and tokens.
    fileprivate init(_ service: any Service, successTerminationBehavior: TerminationBehavior = .cancelGroup) {
        self.init(
            service: service, successTerminationBehavior: successTerminationBehavior,
            failureTerminationBehavior: .gracefullyShutdownGroup, serviceName: "\(type(of: service))")
    }
}
