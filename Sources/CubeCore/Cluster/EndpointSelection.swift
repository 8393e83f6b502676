import HashTreeCollections
package import CubeTypes

/// The endpoints that a caller asks for: those that match every given value.
package struct EndpointSelection: Hashable, Sendable {
    /// The owner of the workloads; `nil` selects all owners.
    package var owner: OwnerName?
    /// The name of the workloads; `nil` selects all names.
    package var name: WorkloadName?
    /// The name of the ports; `nil` selects all ports.
    package var port: String?

    package init(owner: OwnerName? = nil, name: WorkloadName? = nil, port: String? = nil) {
        self.owner = owner
        self.name = name
        self.port = port
    }

    func contains(port name: String) -> Bool { port.map { $0 == name } ?? true }
}

extension ClusterState {
    /// Returns the selected endpoints of ready tasks.
    package func endpoints(in selection: EndpointSelection) -> EndpointList {
        var list = EndpointList(revision: revision, cluster: cluster, endpoints: [])
        for task in live(in: selection) where task.ready {
            let found = task.endpoints.filter { selection.contains(port: $0.name) }
                .map { ServiceEndpoint($0, of: task) }
            if task.nodeUnknown { list.silent += found } else { list.endpoints += found }
        }
        return list
    }

    /// Returns the tasks of the selected workloads that have not ended, sorted by owner, name, ordinal and attempt.
    func live(in selection: EndpointSelection) -> [TaskStatus] {
        let owners = selection.owner.map { [$0] } ?? index.slots.keys.sorted()
        let tasks = owners.flatMap { owner -> [TaskRecord] in
            if let name = selection.name { return live(name, of: owner) }
            return (index.slots[owner] ?? []).filter { index.live[$0.workload] != nil }.sorted()
                .flatMap { index.attempts[$0] ?? [] }.compactMap { records.tasks[$0] }
        }
        return tasks.filter { !$0.phase.hasEnded }.map(\.status)
    }
}

extension [TaskStatus] {
    /// The endpoints to send requests to: those of the ready tasks on nodes that answer or, if there are none, those of tasks that were
    /// ready when their nodes last answered. For the tasks of one workload, this is the rule of ``EndpointList/usable``.
    package var usableEndpoints: [TaskEndpoint] {
        let ready = filter(\.ready)
        let answering = ready.filter { !$0.nodeUnknown }
        return (answering.isEmpty ? ready : answering).flatMap(\.endpoints)
    }
}

extension ClusterChanges {
    /// Whether these changes add, remove or alter an endpoint of a ready task, compared with the state before them.
    package func changeEndpoints(of state: ClusterState) -> Bool {
        tasks.contains { id, task in task?.serving != state.records.tasks[id]?.serving }
    }
}
