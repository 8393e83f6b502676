import CubeCore
import CubeErrors
package import CubeTypes
import Glibc
package import SystemPackage

/// Mends the records of a worker that cannot be read, while no worker is at work there.
///
/// A damaged record is set aside, never removed. What it said comes back from the newest run of the task, which holds a copy.
/// Where there is none, the manager gives the task to the worker again, and the worker adopts the run.
package struct WorkerRepair: Sendable {
    private let store: WorkerStore

    package init(directory: FilePath) { store = WorkerStore(directory: directory.string) }

    /// What was done about one file.
    package struct Repair: Hashable, Sendable {
        /// The damaged file, which has another name now; `nil` where it was missing.
        package var setAside: String?
        package var subject: Subject
        package var result: Result

        package enum Subject: Hashable, Sendable {
            case membership
            case task(TaskID)
        }

        package enum Result: Hashable, Sendable {
            /// It was written anew, from a copy or from other records.
            case rebuilt
            /// A process of the task runs on. The worker adopts it when the manager assigns the task again.
            case leftRunning(process: Int32)
            /// Nothing of it runs. The worker learns of it when the manager assigns the task again.
            case forgotten
        }
    }

    /// Mends everything that is damaged; again, it does nothing.
    ///
    /// - Throws: where a file can be neither read nor renamed.
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
