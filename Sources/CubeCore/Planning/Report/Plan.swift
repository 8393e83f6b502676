package import CubeTypes

/// A plan of ``Planner``: the actions to carry out now, the held actions and the status of everything.
package struct Plan: Sendable {
    /// The actions, in the order of execution: first schedules, then updates in place, last stops; each group by name, ordinal
    /// and attempt. An interrupted plan has therefore not stopped any task before scheduling all new ones.
    package var actions: [PlannedAction] = []
    /// The held changes, by guard. The reconciler reports them to the manager with its lease, so that people can approve them.
    package var holds: [Hold] = []
    /// Observations that need no action of the reconciler, by subject.
    package var findings: [Finding] = []
    /// The status files to write, by name; `nil` for a workload that no longer exists.
    package var reports: [WorkloadName: WorkloadReport?] = [:]
    package var summary: SummaryStatus
    /// The time of the next pass if nothing changes before.
    package var wakeAt: Timestamp?
    /// The time at which to list the source again, because a manifest may have been removed.
    package var listAt: Timestamp?
    /// The notes that the manager does not have yet. The reconciler sends them before it carries out the actions.
    package var notes = SourceNotes()
    /// Whether the manager lacks notes, sent or not: if a command ended now, the next reconciler would have to send them.
    package var lacksNotes = false
    /// The changes since the saved plan was made, in words. If there are any, the saved plan is not carried out any further.
    package var departures: [String] = []
    /// The number of workloads that were decided in this pass.
    package var decided = 0
    /// Whether every workload is frozen, or matches its manifest and is healthy, and every manifest is valid.
    package var isConverged = false
    /// The digests of the declared state and of the live tasks.
    package var desiredDigest: Digest
    package var observedDigest: Digest

    package init(summary: SummaryStatus, desiredDigest: Digest, observedDigest: Digest) {
        self.summary = summary
        self.desiredDigest = desiredDigest
        self.observedDigest = observedDigest
    }
}

/// The status files of one workload.
package struct WorkloadReport: Hashable, Sendable {
    package var status: WorkloadStatus
    /// The differences; `nil` if there are none, so that there is no file.
    package var drift: DriftReport?

    package init(status: WorkloadStatus, drift: DriftReport? = nil) {
        self.status = status
        self.drift = drift
    }
}

/// An observation that people should know.
package struct Finding: Codable, Hashable, Sendable {
    /// A stable code.
    package var reason: String
    /// The name of a workload, or a file; empty for the manifest directory itself.
    package var subject: String
    package var message: String

    package init(reason: String, subject: String, message: String) {
        self.reason = reason
        self.subject = subject
        self.message = message
    }

    /// The finding in words. A finding about the manifest directory itself consists of the message alone.
    package var text: String { subject.isEmpty ? message : "\(subject): \(message)" }
}
