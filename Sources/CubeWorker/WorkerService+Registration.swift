import CubeCore
import CubeErrors
import CubeTypes
import Logging

extension WorkerService {
    /// After so long without a question from the manager, it may have forgotten this worker.
    private static let silence = Duration.seconds(10)

    /// Tells where the manager reaches this worker (`http://HOST:PORT` or `unix:PATH`), which is known once it listens;
    /// registration waits for it.
    package func advertise(url: String) {
        self.url = url
        urlBell.ring()
    }

    /// Registers at the start, and again whenever the manager was silent.
    func keepRegistered() async {
        guard let registrar else { return }
        while url == nil, !Task.isCancelled {
            let ticket = urlBell.ticket()
            await ticket.wait(upTo: Self.silence, on: clock)
            urlBell.discard(ticket)
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

    /// Says what to do where the manager does not take the worker's token.
    private static func explained(_ error: any Error) -> String {
        guard let error = error as? APIError, error.reason == .unauthorized || error.reason == .forbidden else {
            return "\(error)"
        }
        return "it refuses this worker's token: \(error); start the worker with --token-file, which names a copy of "
            + "tokens/worker of the manager's data directory"
    }

    private func untilSilent() async throws {
        var heard: Int
        repeat {
            heard = queries
            try await clock.sleep(for: Self.silence)
        } while queries != heard
    }
}
