import CubeCore
import CubeErrors
package import CubeTypes
import Glibc
package import SystemPackage

/// Repairs unreadable records of a worker while no worker runs in its directory.
///
/// A damaged record is renamed, never removed. It is rebuilt from its copy in the newest run of the task. Without a
/// copy, the manager assigns the task again, and the worker adopts the run.
package struct WorkerRepair: Sendable {
    private let store: WorkerStore

    package init(directory: FilePath) { store = WorkerStore(directory: directory.string) }

    /// The repair of one file.
    package struct Repair: Hashable, Sendable {
        /// The new path of the damaged file; `nil` if the file was missing.
        package var setAside: String?
        package var subject: Subject
        package var result: Result

        package enum Subject: Hashable, Sendable {
            case membership
            case task(TaskID)
        }

        package enum Result: Hashable, Sendable {
            /// The file was rebuilt from a copy or from other records.
            case rebuilt
            /// A process of the task is still running. The worker adopts it when the manager assigns the task again.
            case leftRunning(process: Int32)
            /// No process of the task is running. The worker learns of the task when the manager assigns it again.
            case forgotten
        }
    }

    /// Repairs everything that is damaged. Repeated calls do nothing.
    ///
    /// - Throws: if a file can neither be read nor renamed.
    package func run() throws -> [Repair] {
        try store.prepare()
        var repairs: [Repair] = []
        var membership = WorkerMembership()
        for id in try store.tasks() {
            let (record, repair) = try mend(id)
            if let repair { repairs.append(repair) }
            if case .placement(let placement)? = record {
                membership.cluster = membership.cluster ?? placement.assignment.cluster
                membership.term = max(membership.term, placement.assignment.term)
                if membership.cluster?.isOfWorker == true {
                    membership.submitted = max(membership.submitted ?? 0, placement.assignment.attempt + 1)
                }
            }
        }
        do {
            _ = try store.membership()
        } catch {
            let setAside = try store.setAside(store.membershipFile)
            if membership.cluster != nil { try store.save(membership) }
            repairs.append(
                Repair(
                    setAside: setAside, subject: .membership,
                    result: membership.cluster == nil ? .forgotten : .rebuilt))
        }
        return repairs
    }

    private func mend(_ id: TaskID) throws -> (WorkerRecord?, Repair?) {
        var setAside: String?
        do {
            if let record = try store.record(of: id) { return (record, nil) }
        } catch {
            setAside = try store.setAside(store.recordFile(of: id))
        }
        guard let trace = try store.trace(of: id) else {
            return (nil, setAside.map { Repair(setAside: $0, subject: .task(id), result: .forgotten) })
        }
        if let record = store.copy(in: trace) {
            try store.save(record)
            return (record, Repair(setAside: setAside, subject: .task(id), result: .rebuilt))
        }
        guard setAside != nil || trace.supervisor != nil else { return (nil, nil) }
        let result: Repair.Result = trace.supervisor.map { .leftRunning(process: $0.id) } ?? .forgotten
        return (nil, Repair(setAside: setAside, subject: .task(id), result: result))
    }
}
