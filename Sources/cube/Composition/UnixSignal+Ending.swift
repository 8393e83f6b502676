import Glibc
import UnixSignals

extension UnixSignal {
    /// The signals that end a process: SIGINT, SIGTERM and SIGHUP.
    ///
    /// Without SIGHUP if this process was started with SIGHUP ignored, as by nohup(1): it is meant to outlive its terminal, and a
    /// signal that is trapped is no longer ignored.
    static var ending: [UnixSignal] { [.sigint, .sigterm] + (isHangupIgnored ? [] : [.sighup]) }

    private static var isHangupIgnored: Bool {
        var action = sigaction()
        sigaction(SIGHUP, nil, &action)
        let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        return handler == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
