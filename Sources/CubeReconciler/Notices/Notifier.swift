import CubeCore
import CubeTypes
import Logging

/// Tells people what became bad and what is good again: once each, also over restarts.
///
/// It compares what is wrong with what was told last, so what comes and goes while the receiver is away is never told.
struct Notifier {
    /// How long something must last to be told.
    static let patience: Duration = .seconds(10)
    /// The pause after a message that did not arrive doubles up to this.
    static let longestPause: Duration = .seconds(300)

    let sender: any NoticeSender
    let state: ReconcilerState
    let memory: ReconcilerMemory
    let clock: any Clock<Duration>
    let logger: Logger

    /// Runs until it is cancelled.
    func run() async {
        var told = memory.notices
        for await _ in state.updates() {
            var pause = Self.patience
            while let board = state.view.noticeBoard, !board.notices(since: told).isEmpty {
                do { try await clock.sleep(for: pause) } catch { return }  // Cancelled.
                let view = state.view
                guard let summary = view.summary, let board = view.noticeBoard else { break }
                let notices = board.notices(since: told)
                if notices.isEmpty { break }
                do {
                    try await sender.send(NoticeMessage(notices, summary))
                    told = board
                    try memory.save(told)
                } catch {
                    logger.warning("notices could not be sent", metadata: ["error": "\(error)"])
                    pause = min(pause * 2, Self.longestPause)
                }
            }
        }
    }
}

extension ReconcilerState.View {
    /// `nil` until the first pass.
    fileprivate var noticeBoard: NoticeBoard? { summary.map { NoticeBoard($0, workloads.values.lazy.map(\.status)) } }
}
