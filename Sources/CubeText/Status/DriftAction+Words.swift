package import CubeCore

extension DriftAction {
    /// What it waits for or what holds it, where its reason says that.
    package var waitReason: WaitReason { WaitReason(rawValue: reason) }

    /// Its reason for a person: of what waits or is held, a sentence; else the word of the rule, in parentheses.
    package var why: String { state == .waiting || state == .held ? ": \(waitReason.text)" : " (\(reason))" }
}

extension ActionState {
    /// As a sentence says it.
    package var words: String {
        switch self {
        case .due: "due now"
        case .held: "held"
        case .waiting: "waits for its turn"
        case .inFlight: "being carried out"
        }
    }
}
