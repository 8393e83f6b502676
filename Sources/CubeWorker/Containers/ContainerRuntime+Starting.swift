import CubeCore
import CubeErrors
import CubeTypes
import Glibc
import Logging
import SystemPackage

extension ContainerRuntime {
    func start(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState {
        try await start(run, of: assignment, isPulled: false, networkOf: nil)
    }

    func start(
        _ run: RunIdentity, of assignment: TaskAssignment, isPulled: Bool, networkOf holder: RunIdentity?
    ) async throws -> RunState {
        let name = ContainerSpec.name(of: run)
        let present = try await containers(of: run.task)
        let before =
            present.contains { $0.name == name } ? try await observe(run) : try await observeWithoutContainer(run)
        if case .started = before, let state = try await find(run) { return state }
        guard run.boot == boot else { return .ended(.rebooted) }
        try await remove(present.filter { $0.name != name }, earlierThan: run)
        try directory(of: run).make()
        // In case the record is lost.
        try store.saveCopy(
            .placement(SupervisedPlacement(assignment, boot: run.boot, run: run.number)),
            in: RunDirectory(path: directory(of: run).path))
        try store.save(engineSocket: engine.socket)
        let listener = watch.listen(to: name)
        var isKept = false
        defer { if !isKept { watch.leave(listener) } }
        do {
            try allowances.check(assignment.definition)
            let spec = try await spec(run, assignment, holder)
            // Also before the start of a container that an earlier worker created, which may have been killed in between.
            try await networks.prepare(for: spec, of: run.task)
            if case .missing = before {
                try await prepareVolumes(of: assignment)
                try await create(spec, run, assignment, isPulled: isPulled)
            }
            try await networks.connect(spec)
            if assignment.definition.exclusive { try await watchBeforeStart(run, name) }
            try directory(of: run).markStarted(by: try await engine.identify().root)
            try await engine.start(name)
        } catch let refusal as StartRefusal {
            return .ended(.startFailed(refusal.description))
        } catch EngineError.refused(_, let message) {
            if case .started(let state) = try await observe(run), case .running = state { return state }
            // The watchdog killed it while the engine was still starting it.
            if directory(of: run).isLeaseLost { return .ended(.leaseLost) }
            // The engine cannot create or start this container. Whatever the reason is, the restart policy decides when to retry.
            return .ended(.startFailed(ContainerStatus.readable(message, of: assignment.definition)))
        }
        guard let state = try await find(run) else {
            throw APIError(.unavailable, "\(run.task): container \(name) has not started yet")
        }
        if assignment.definition.exclusive, try await endIfInvisible(run, name) {
            return .ended(
                .startFailed(
                    "the engine runs its containers on another machine, such as a virtual one, so nothing could end an exclusive task there"
                ))
        }
        if case .running = state {
            isKept = true
            keep(FreshRun(listener: listener, state: state), of: run)
        }
        return state
    }

    /// Creates the container of a run unless it exists.
    ///
    /// - Throws: `PullRequired` if the image has to be pulled first; `StartRefusal` if the run cannot start.
    private func create(
        _ spec: ContainerSpec, _ run: RunIdentity, _ assignment: TaskAssignment, isPulled: Bool
    ) async throws {
        func demand(isPresent: Bool?) throws {
            let definition = assignment.definition
            switch PullDecision(for: definition, run: run.number, isPresent: isPresent, isPulled: isPulled) {
            case .use: break
            case .pull(let isRefresh): throw PullRequired(image: definition.image ?? "", isRefresh: isRefresh)
            case .refuse(let reason): throw StartRefusal(description: reason)
            }
        }
        try demand(isPresent: nil)
        do {
            try await engine.create(spec)
        } catch let error as EngineError where error.isConflict {
            // An earlier request, whose response was lost, created the container.
        } catch let error as EngineError where error.isNotFound {
            guard try await engine.image(spec.image) != nil else { return try demand(isPresent: false) }
            // The image has arrived meanwhile, or something else is missing, such as the container whose network this one uses.
            try await engine.create(spec)
        }
    }

    private func spec(
        _ run: RunIdentity, _ assignment: TaskAssignment, _ holder: RunIdentity?
    ) async throws -> ContainerSpec {
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
        let root = try await engine.identify().root
        let volumes = try definition.volumes.map { mount in
            guard case .path(let path) = mount.source else { return mount }
            let resolved = try allowances.source(ofMount: path, isReadOnly: mount.isReadOnly, protecting: [root])
            return VolumeMount(.path(resolved), target: mount.target, isReadOnly: mount.isReadOnly)
        }
        var spec = ContainerSpec(
            run, of: assignment, on: worker, in: store.directory, variables: try secrets.variables(of: definition),
            files: mounted, volumes: volumes,
            volumeCluster: try store.volumeCluster(else: assignment.cluster), holder: holder)
        spec.limits = try await engine.identify().abilities.enforceable(spec.limits)
        return spec
    }

    /// Removes the containers and the directories of earlier runs, whose ends are in the task's record: otherwise, this run would
    /// not be due.
    ///
    /// A container of an earlier placement that is alive belongs to lost records: the manager would not have placed the task again
    /// before the end of a placement that this worker knows. It is ended like a task that is stopped.
    ///
    /// - Throws: if another run is alive, so that there is never a second instance.
    private func remove(_ containers: [EngineClient.ListedContainer], earlierThan run: RunIdentity) async throws {
        for container in containers {
            guard let name = container.name else { continue }
            if container.isAlive {
                guard let placement = container.labels[ContainerSpec.Label.placement].flatMap({ Int($0) }),
                    placement < run.placement
                else { throw APIError(.unavailable, "\(run.task): another run has not ended (container \(name))") }
                logger.warning("\(run.task): ending container \(name), whose record is lost")
                try await engine.stop(name)
            }
            try await removeUsers(ofNetworkOf: name)
            try await engine.remove(name)
        }
        let directory = FilePath(directory(of: run).path)
        for name in try LocalFiles.names(in: store.runs(of: run.task)) where name != directory.lastComponent?.string {
            let earlier = "\(store.runs(of: run.task))/\(name)"
            try await endWatchdog(RunDirectory(path: earlier))
            try LocalFiles.remove(earlier)
        }
    }

    /// Removes the containers that used the network of an ended container and have ended too. Podman removes no container while others
    /// depend on it, and their tasks wait for the next run of this one.
    private func removeUsers(ofNetworkOf holder: String) async throws {
        let users = try await engine.containers(with: [
            ContainerSpec.Label.networkHolder: holder, ContainerSpec.Label.worker: worker.rawValue,
        ])
        for user in users where !user.isAlive {
            if let name = user.name { try await engine.remove(name) }
        }
    }

    func containers(of task: TaskID) async throws -> [EngineClient.ListedContainer] {
        try await engine.containers(with: [
            ContainerSpec.Label.task: task.rawValue, ContainerSpec.Label.worker: worker.rawValue,
        ])
    }
}
