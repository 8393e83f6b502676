package import CubeCore

extension ReportedAction {
    /// The end of a sentence about the action: what it waits for or what holds it; otherwise its reason, in parentheses.
    package var why: String {
        guard state == .waiting || state == .held else { return " (\(reason))" }
        return ": \(waitsFor?.text ?? reason)"
    }

    /// The order for display: by slot, and a stop before the task that replaces the stopped one.
    var reading: (Int, Int) {
        switch verb {
        case .stop: (ordinal, 0)
        case .update: (ordinal, 1)
        case .schedule: (ordinal, 2)
        }
    }
}

extension ActionState {
    /// The state in words, for use in a sentence.
    package var words: String {
        switch self {
        case .due: "due now"
        case .held: "held"
        case .waiting: "not due yet"
        case .inFlight: "being carried out"
        }
    }
}
