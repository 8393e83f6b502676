package import CubeTypes

/// What is to be done now, what is held back, and how everything is: made by ``Planner``, carried out by others.
package struct Plan: Sendable {
    /// The calls to make, in their order: first what adds, then what changes in place, last what takes away; each by name,
    /// ordinal and attempt. A plan that breaks off in the middle has taken nothing away that it would have replaced.
    package var actions: [PlannedAction] = []
    /// What the guards hold, by guard; to be told to the manager with the lease, so that it can be approved.
    package var holds: [Hold] = []
    /// What was noticed and is nobody's task to change, by subject.
    package var findings: [Finding] = []
    /// The status files that are to be written, by name; `nil` where a name is gone.
    package var reports: [WorkloadName: WorkloadReport?] = [:]
    package var summary: SummaryStatus
    /// When to make the next pass though nothing changed.
    package var wakeAt: Timestamp?
    /// When to list the source again: a name waits for the proof of its absence.
    package var listAt: Timestamp?
    /// Whether ``DesiredState/memory`` and ``Planner/window`` are to be persisted before the actions are carried out.
    package var memoryChanged = false
    package var windowChanged = false
    /// What moved since the saved plan was made that is being carried out, in sentences: nothing more is done then.
    package var departures: [String] = []
    /// How many names were decided for it.
    package var decided = 0
    /// Everything runs as it is declared and is well, or is frozen; and every manifest can be read.
    package var isConverged = false
    /// Over what is declared, and over what lives.
    package var desiredDigest: Digest
    package var observedDigest: Digest

    package init(summary: SummaryStatus, desiredDigest: Digest, observedDigest: Digest) {
        self.summary = summary
        self.desiredDigest = desiredDigest
        self.observedDigest = observedDigest
    }
}

/// The files about one workload.
package struct WorkloadReport: Hashable, Sendable {
    package var status: WorkloadStatus
    /// `nil` where it does not drift: then there is no file.
    package var drift: DriftReport?

    package init(status: WorkloadStatus, drift: DriftReport? = nil) {
        self.status = status
        self.drift = drift
    }
}

/// Something that a person should know.
package struct Finding: Codable, Hashable, Sendable {
    /// A stable word.
    package var reason: String
    /// A workload's name, or a file; empty for the directory of manifests itself.
    package var subject: String
    package var message: String

    package init(reason: String, subject: String, message: String) {
        self.reason = reason
        self.subject = subject
        self.message = message
    }

    /// Of the directory of manifests itself, which has no name below itself, the message says it all.
    package var text: String { subject.isEmpty ? message : "\(subject): \(message)" }
}
