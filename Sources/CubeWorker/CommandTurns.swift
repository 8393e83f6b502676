import DequeModule

/// Limits how many starts and how many check commands run at the same time, each in the order of arrival.
///
/// While starts are under way, few check commands run: both compete for the same processors and the same engine, and a start ends
/// an outage, whereas most checks confirm what is known.
actor CommandTurns {
    enum Kind { case start, check }

    /// How many operations of a kind run at the same time.
    private static let limit = 16
    /// How many check commands run at the same time while starts are under way.
    private static let besideStarts = 2

    private var starts = 0
    private var checks = 0
    private var waitingStarts: Deque<CheckedContinuation<Void, Never>> = []
    private var waitingChecks: Deque<CheckedContinuation<Void, Never>> = []

    nonisolated(nonsending) func pass<Value: Sendable>(
        _ kind: Kind, _ body: nonisolated(nonsending) () async throws -> Value
    ) async rethrows -> Value {
        await enter(kind)
        do {
            let value = try await body()
            await leave(kind)
            return value
        } catch {
            await leave(kind)
            throw error
        }
    }

    private func enter(_ kind: Kind) async {
        await withCheckedContinuation { continuation in
            switch kind {
            case .start: waitingStarts.append(continuation)
            case .check: waitingChecks.append(continuation)
            }
            admit()
        }
    }

    private func leave(_ kind: Kind) {
        switch kind {
        case .start: starts -= 1
        case .check: checks -= 1
        }
        admit()
    }

    private func admit() {
        while starts < Self.limit, let next = waitingStarts.popFirst() {
            starts += 1
            next.resume()
        }
        while checks < (starts > 0 ? Self.besideStarts : Self.limit), let next = waitingChecks.popFirst() {
            checks += 1
            next.resume()
        }
    }
}
