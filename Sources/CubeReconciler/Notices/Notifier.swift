import CubeCore
import CubeTypes
import Logging

/// Notifies people once when a problem appears and once when it is solved, even across restarts.
///
/// It compares the current problems with those of the last message. A problem that appears and disappears while the
/// receiver is unreachable is not reported.
struct Notifier {
    /// The time for which a change must last before it is reported.
    static let patience: Duration = .seconds(10)
    /// The pauses after messages that did not arrive.
    private static let backoff = Backoff(first: patience * 2, longest: .seconds(300))

    let sender: any NoticeSender
    let state: ReconcilerState
    let memory: ReconcilerMemory
    let clock: any Clock<Duration>
    let logger: Logger

    /// Runs until it is cancelled.
    func run() async {
        var sent = memory.notices
        for await _ in state.updates() {
            var pause = Self.patience
            var failures = 0
            while let board = state.view.noticeBoard, !board.notices(since: sent).isEmpty {
                do { try await clock.sleep(for: pause) } catch { return }  // Cancelled.
                let view = state.view
                guard let summary = view.summary, let board = view.noticeBoard else { break }
                let notices = board.notices(since: sent)
                if notices.isEmpty { break }
                do {
                    try await sender.send(NoticeMessage(notices, summary))
                    sent = board
                    try memory.save(sent)
                } catch {
                    logger.warning("cannot send notices; retrying", metadata: ["error": "\(error)"])
                    failures += 1
                    pause = Self.backoff.step(after: failures)
                }
            }
        }
    }
}

extension ReconcilerState.View {
    /// The current problems; `nil` until the first pass.
    fileprivate var noticeBoard: NoticeBoard? { summary.map { NoticeBoard($0, workloads.values.lazy.map(\.status)) } }
}
