package import CubeCore

extension DriftAction {
    /// What the action waits for, or what holds it, as far as its reason is known.
    package var waitReason: WaitReason { WaitReason(rawValue: reason) }

    /// The reason of the action: a sentence if the action waits or is held; otherwise the name of the rule, in
    /// parentheses.
    package var why: String { state == .waiting || state == .held ? ": \(waitReason.text)" : " (\(reason))" }
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
