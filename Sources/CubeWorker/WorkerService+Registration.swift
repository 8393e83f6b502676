import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging

extension WorkerService {
    /// How long the manager may be silent before the worker registers again, because the manager may have forgotten it.
    private static let silence = Duration.seconds(10)

    /// Sets the address at which the manager reaches this worker (`http://HOST:PORT` or `unix:PATH`). The address is
    /// known once the worker listens; registration waits for it.
    package func advertise(url: String) {
        self.url = url
        bells.ring(.url)
    }

    /// Registers at the start, and again whenever the manager has been silent.
    func keepRegistered() async {
        guard let registrar else { return }
        while url == nil, !Task.isCancelled {
            await wait(for: .url, atMost: Self.silence)
        }
        var backoff = RegistrationBackoff()
        while !Task.isCancelled {
            do {
                let welcome = try await registrar.register(await info())
                try accept(cluster: welcome.cluster, term: welcome.term)
                backoff.succeed()
                try await untilSilent()
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
        guard let error = error as? APIError, error.reason == .unauthorized || error.reason == .forbidden else {
            return "\(error)"
        }
        return "the manager rejected this worker's token: \(error); start the worker with --token-file and a copy of "
            + "tokens/worker from the manager's data directory"
    }

    private func untilSilent() async throws {
        var heard: Int
        repeat {
            heard = queries
            try await clock.sleep(for: Self.silence)
        } while queries != heard
    }
}
