import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging

extension WorkerService {
    /// How long the manager may be silent before the worker registers again, because the manager may have forgotten it.
    private static let silence = Duration.seconds(10)

    /// Sets the address at which the manager reaches this worker (`http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`). The address is
    /// known once the worker listens; registration waits for it.
    package func advertise(url: String) {
        self.url = url
        bells.ring(.info)
    }

    /// Registers again when the runtimes or their images change, so that the manager schedules accordingly.
    func runtimesChanged() { bells.ring(.info) }

    /// Registers at the start, and again whenever the manager has been silent.
    func keepRegistered() async {
        guard let registrar else { return }
        while url == nil, !Task.isCancelled {
            await wait(for: .info, atMost: Self.silence)
        }
        var backoff = RegistrationBackoff()
        while !Task.isCancelled {
            do {
                let told = await info()
                let welcome = try await registrar.register(told)
                try accept(cluster: welcome.cluster, term: welcome.term)
                backoff.succeed()
                try await untilOutdated(told)
            } catch is CancellationError {
                return
            } catch {
                logger.warning("cannot register with the manager: \(Self.explained(error))")
                // Cancelled at shutdown.
                try? await clock.sleep(for: backoff.fail())
            }
        }
    }

    /// Describes a registration error, with a hint if the manager rejects the worker's token.
    private static func explained(_ error: any Error) -> String {
        // An error about a certificate has its own explanation.
        guard let error = error as? APIError, error.reason == .unauthorized || error.reason == .forbidden,
            error.details?["certificate"] == nil
        else {
            return "\(error)"
        }
        return "the manager rejected this worker's token: \(error); start the worker with --token-file and a copy of "
            + "tokens/worker from the manager's data directory"
    }

    /// Waits until the manager is silent, or until what it knows about this worker has changed.
    private func untilOutdated(_ told: WorkerInfo) async throws {
        while await info() == told {
            let heard = queries
            await wait(for: .info, atMost: Self.silence)
            try Task.checkCancellation()
            if queries == heard { return }
        }
    }
}
