package import CubeErrors
package import CubeTypes
import HashTreeCollections

extension ClusterState {
    /// Whether ``ClusterTransaction/tick()`` would change something, because enough time has passed.
    package func isDue(at moment: DurableInstant) -> Bool { untilDue(at: moment) == .zero }

    /// The time until ``ClusterTransaction/tick()`` would change something; `nil` if time alone changes nothing.
    package func untilDue(at moment: DurableInstant) -> Duration? {
        var shortest: Duration?
        func consider(_ pause: Duration?) {
            guard let pause else { return }
            shortest = min(shortest ?? pause, pause)
        }
        for id in index.maturing { consider(records.tasks[id]?.untilProven(at: moment)) }
        consider(untilRecovered(at: moment))
        for node in records.nodes.values { consider(node.drain?.untilJobsAreEvicted(at: moment)) }
        for owner in records.owners.values {
            for directive in owner.directives { consider(owner.untilExpiry(of: directive, at: moment)) }
            consider(owner.window.untilDue(at: moment, owner.guardLimits))
        }
        return shortest
    }
}

extension ClusterTransaction {
    /// Makes the changes that become due as time passes: ready tasks become proven, directives and entries of the guard window
    /// expire, jobs on drained nodes have had their time, and volumes that no node reported after a restore count as new.
    package mutating func tick() {
        endRecovery()
        evictLateJobs()
        for id in state.index.maturing {
            guard var task = state.records.tasks[id], task.isProven(at: moment) else { continue }
            task.health = .proven
            advance()
            put(task)
            var slot = slot(task.slot)
            slot.recordHealth(of: task)
            put(slot)
        }
        for owner in state.records.owners.values {
            var later = owner
            later.directives.removeAll { owner.hasExpired($0, at: moment) }
            later.window.expire(at: moment, owner.guardLimits, revision: revision + 1)
            guard later != owner else { continue }
            if later.directives.count < owner.directives.count {
                later.approvals = owner.approvals.filter { !$0.value.hasPassed(at: moment) }
            }
            advance()
            later.revision = revision
            put(later)
        }
    }

    /// Begins a new term above `term`, which a worker has already accepted. This state was restored from an older backup, and all
    /// writes of the newer terms are lost. All clients must list again.
    package mutating func raiseTerm(above term: Int) {
        guard term >= state.term, term < Counter.limit - 1 else { return }
        state.term = term + 1
        changes.term = state.term
        count { [moment] in $0.recover(at: moment) }
        advance()
    }

    /// Forces a write that changes nothing, to find out whether the store accepts writes.
    ///
    /// - Throws: `storage_full` if the store accepts no more writes.
    package mutating func probe() throws(APIError) {
        try requireRoom()
        count { _ in }
    }

    /// Deletes tasks that ended long ago, except for the last tasks of each slot and its last healthy task: a rollout that fails
    /// reverts to the definition of the healthy task.
    package mutating func sweep() {
        guard !isFull else { return }
        var isFirst = true
        for slot in state.index.crowded.sorted() {
            for id in (state.index.attempts[slot] ?? []).dropLast(Retention.attempts) {
                guard let task = state.records.tasks[id], case .ended(let end) = task.phase,
                    moment.since(end.recorded ?? DurableInstant(wall: end.at)) >= Retention.endedTask,
                    task.attempt != self.slot(slot).status.healthyAttempt
                else { continue }
                if isFirst { advance() }
                isFirst = false
                remove(task)
            }
        }
    }
}

extension TaskRecord {
    fileprivate func isProven(at moment: DurableInstant) -> Bool { untilProven(at: moment) == .zero }

    /// The time until the task is proven, if it stays ready; `nil` if it is not ready, or is proven.
    fileprivate func untilProven(at moment: DurableInstant) -> Duration? {
        guard case .ready(let since) = health else { return nil }
        return DurableDeadline(minHealthy, from: since).remaining(at: moment)
    }
}
