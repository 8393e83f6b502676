import CubeCore
import CubeErrors
import CubeTypes
import Glibc
import SystemPackage

extension ContainerRuntime {
    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState {
        let before = try await observe(run)
        if case .started = before, let state = try await find(run) { return state }
        guard run.boot == boot else { return .ended(.rebooted) }
        let name = ContainerSpec.name(of: run)
        try await removeEarlierRuns(than: run)
        try directory(of: run).make()
        // In case the record is lost.
        try store.saveCopy(
            .placement(SupervisedPlacement(assignment, boot: run.boot, run: run.number)),
            in: RunDirectory(path: directory(of: run).path))
        try store.save(engineSocket: engine.socket)
        do {
            if case .missing = before { try await create(try spec(run, assignment)) }
            try directory(of: run).markStarted(by: try await engine.identify().root)
            try await engine.start(name)
        } catch let refusal as StartRefusal {
            return .ended(.startFailed(refusal.description))
        } catch EngineError.refused(_, let message) {
            if case .started(.running(let since)) = try await observe(run) { return .running(since: since) }
            // The engine cannot create or start this container. Whatever the reason is, the restart policy decides when to retry.
            return .ended(.startFailed(ContainerStatus.readable(message, of: assignment.definition)))
        }
        guard let state = try await find(run) else {
            throw APIError(.unavailable, "\(run.task): container \(name) has not started yet")
        }
        return state
    }

    func pull(_ image: String) async throws { try await pulls.pull(image, with: engine, logger) }

    /// Creates the container of a run unless it exists.
    ///
    /// - Throws: `MissingImage`.
    private func create(_ spec: ContainerSpec) async throws {
        do {
            try await engine.create(spec)
        } catch let error as EngineError where error.isConflict {
            // An earlier request, whose response was lost, created the container.
        } catch let error as EngineError where error.isNotFound {
            throw MissingImage(image: spec.image)
        }
    }

    private func spec(_ run: RunIdentity, _ assignment: TaskAssignment) throws -> ContainerSpec {
        let definition = assignment.definition
        let files = try secrets.contents(of: definition)
        let staging = FilePath(staging(of: run.task))
        if !files.isEmpty { try LocalFiles.makeDirectory(staging.string) }
        var mounted: [ContainerSpec.MountedFile] = []
        for (index, (file, bytes)) in files.enumerated() {
            try LocalFiles.write(bytes, to: "\(index)", in: staging.string, durably: false)
            let path = staging.appending("\(index)").string
            guard chmod(path, mode_t(file.mode)) == 0 else { throw Errno(rawValue: errno) }
            mounted.append(ContainerSpec.MountedFile(source: path, target: file.target))
        }
        return ContainerSpec(
            run, of: assignment, on: worker, in: store.directory, variables: try secrets.variables(of: definition),
            files: mounted)
    }

    /// Removes the containers and the directories of earlier runs, whose ends are in the task's record: otherwise, this run would
    /// not be due.
    ///
    /// - Throws: if another run is alive, so that there is never a second instance.
    private func removeEarlierRuns(than run: RunIdentity) async throws {
        let own = ContainerSpec.name(of: run)
        for container in try await containers(of: run.task) where container.name != own {
            guard let name = container.name else { continue }
            guard !container.isAlive else {
                throw APIError(.unavailable, "\(run.task): another run has not ended (container \(name))")
            }
            try await engine.remove(name)
        }
        let directory = FilePath(directory(of: run).path)
        for name in try LocalFiles.names(in: store.runs(of: run.task)) where name != directory.lastComponent?.string {
            try LocalFiles.remove("\(store.runs(of: run.task))/\(name)")
        }
    }

    func containers(of task: TaskID) async throws -> [EngineClient.ListedContainer] {
        try await engine.containers(with: [
            ContainerSpec.Label.task: task.rawValue, ContainerSpec.Label.worker: worker.rawValue,
        ])
    }
}
