import CubeCore
import CubeErrors
import CubeTypes
import Synchronization

/// The sessions of a worker in which commands run beside the programs of tasks.
final class ExecSessions: Sendable {
    /// The maximum number of sessions of a worker.
    static let limit = 64

    private let channels = Mutex<[ExecID: ExecChannel]>([:])

    /// - Throws: `session_not_found` if there is no such session, or if it belongs to another task.
    func channel(_ id: ExecID, of task: TaskID) throws(APIError) -> ExecChannel {
        guard let channel = channels.withLock({ $0[id] }), channel.session.task == task else {
            throw APIError(.sessionNotFound, "task \(task) has no session \(id); it may have ended")
        }
        return channel
    }

    /// Returns a session that was started before; `nil` if there is none.
    ///
    /// - Throws: `conflict` if the session belongs to another task.
    func known(_ id: ExecID, of task: TaskID) throws(APIError) -> ExecChannel? {
        guard let channel = channels.withLock({ $0[id] }) else { return nil }
        guard channel.session.task == task else {
            throw APIError(.conflict, "session \(id) belongs to task \(channel.session.task)")
        }
        return channel
    }

    /// Adds a new session.
    ///
    /// - Throws: `too_many_requests`.
    func add(_ channel: ExecChannel) throws(APIError) {
        let isAdded = channels.withLock { channels in
            guard channels.count < Self.limit else { return false }
            channels[channel.session.id] = channel
            return true
        }
        guard isAdded else {
            throw APIError(
                .tooManyRequests, "the worker already has \(Self.limit) sessions; end one of them or try again later")
        }
    }

    /// Removes a session. Another session that has its id by now stays.
    func remove(_ channel: ExecChannel) {
        channels.withLock { channels in
            if channels[channel.session.id] === channel { channels[channel.session.id] = nil }
        }
    }
}
