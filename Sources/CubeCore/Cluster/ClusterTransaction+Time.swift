package import CubeTypes
import HashTreeCollections

extension ClusterState {
    /// Whether time alone changes something now.
    package func isDue(at now: Timestamp) -> Bool {
        index.maturing.contains { records.tasks[$0]?.isProven(at: now) == true }
            || records.owners.values.contains { $0.directives.contains { $0.hasExpired(at: now) } }
    }
}

extension ClusterTransaction {
    /// What time alone changes: digests become healthy, directives end.
    package mutating func tick() {
        for id in state.index.maturing {
            guard var task = state.records.tasks[id], task.isProven(at: now) else { continue }
            task.health = .proven
            advance()
            put(task)
            var slot = slot(task.slot)
            slot.recordHealth(of: task)
            put(slot)
        }
        for var owner in state.records.owners.values where owner.directives.contains(where: { $0.hasExpired(at: now) })
        {
            owner.directives.removeAll { $0.hasExpired(at: now) }
            advance()
            owner.revision = revision
            put(owner)
        }
    }

    /// Changes nothing and has something stored: whether that can be done is the question.
    package mutating func probe() { count { _ in } }

    /// Deletes tasks that ended long ago, but for the last ones of each slot and the one that was healthy last: a rollout
    /// that fails goes back to its definition.
    package mutating func sweep() {
        var isFirst = true
        for slot in state.index.crowded.sorted() {
            for id in (state.index.attempts[slot] ?? []).dropLast(Retention.attempts) {
                guard let task = state.records.tasks[id], case .ended(let end) = task.phase,
                    now - end.at >= Retention.endedTask, task.attempt != self.slot(slot).status.healthyAttempt
                else { continue }
                if isFirst { advance() }
                isFirst = false
                remove(task)
            }
        }
    }
}

extension TaskRecord {
    fileprivate func isProven(at now: Timestamp) -> Bool {
        if case .ready(let since) = health { now - since >= Health.probation } else { false }
    }
}

extension Directive {
    fileprivate func hasExpired(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }
}
