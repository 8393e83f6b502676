package import CubeCore
package import CubeTypes

extension TaskSummary {
    /// A running task of the owner `default` on node `w1`.
    ///
    /// - Parameters:
    ///   - digest: the hexadecimal digit that fills the digest of its definition.
    ///   - createdAt: the time of its creation.
    package static func sample(_ name: String, ordinal: Int, digest: Character, createdAt: Timestamp) -> TaskSummary {
        let definition = TaskDefinition(name: WorkloadName(rawValue: name)!, command: ["x"])
        return TaskSummary(
            TaskStatus(
                id: TaskID(rawValue: "00000000-0000-5000-8000-00000000000\(ordinal)")!, owner: .default,
                name: definition.name, ordinal: ordinal, attempt: 3, state: .running, ready: true,
                specDigest: .filled(with: digest),
                settingsDigest: definition.settingsDigest, node: NodeName(rawValue: "w1"),
                endpoints: [TaskEndpoint(name: "http", address: "10.0.0.5:2000\(ordinal)")],
                createdAt: createdAt, createdRevision: 1, revision: 1, definition: definition))
    }
}

extension WorkloadStatus {
    /// A healthy workload of two replicas with a file of its own.
    ///
    /// - Parameter reason: why it is stalled and out of sync; `nil` if it is in sync.
    package static func sample(
        _ name: String, tasks: [TaskSummary] = [], stalledBecause reason: String? = nil
    ) -> WorkloadStatus {
        WorkloadStatus(
            name: WorkloadName(rawValue: name)!, file: "\(name).json", line: 2,
            sync: reason == nil ? .synced : .outOfSync, health: .healthy,
            replicas: WorkloadStatus.Replicas(desired: 2, live: tasks.count, ready: tasks.count), tasks: tasks,
            conditions: reason.map {
                [
                    Condition(
                        type: .stalled, reason: "failed", message: $0,
                        lastTransitionTime: Timestamp(milliseconds: 0))
                ]
            } ?? [], desiredDigest: .filled(with: "a"))
    }
}

extension Digest {
    fileprivate static func filled(with digit: Character) -> Digest {
        Digest(rawValue: "sha256:" + String(repeating: digit, count: 64))!
    }
}
