package import CubeTypes

/// The state of a container, as its engine reports it.
package struct ContainerStatus: Hashable, Sendable {
    package var phase: Phase
    /// The process id of the first process on the node; `nil` if the container is not running.
    package var process: Int32?
    package var exitCode: Int
    /// Whether the kernel killed a process of the container because its memory ran out.
    package var ranOutOfMemory: Bool
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// The state of the health check that the image declares; `nil` if it declares none.
    package var health: ImageHealth?
    /// The age of the run by which the engine must have carried out the health check of the image, if it has not done so yet.
    package var firstCheckDue: Duration?

    /// The phase of a container. Engines have more words for some of them.
    package enum Phase: Hashable, Sendable {
        /// The container was created and has never run.
        case created
        /// The container has a running process, which may be paused.
        case running
        case exited
    }

    package init(
        phase: Phase, process: Int32? = nil, exitCode: Int = 0, ranOutOfMemory: Bool = false,
        startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil, health: ImageHealth? = nil,
        firstCheckDue: Duration? = nil
    ) {
        self.phase = phase
        self.process = process
        self.exitCode = exitCode
        self.ranOutOfMemory = ranOutOfMemory
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.health = health
        self.firstCheckDue = firstCheckDue
    }

    /// Returns the health in the words of an engine.
    ///
    /// - Parameters:
    ///   - status: `starting`, `healthy`, `unhealthy`, or `none` or nothing if the image declares no check.
    ///   - output: the output of the last check.
    package static func health(_ status: String?, output: String?) -> ImageHealth? {
        switch status {
        case "healthy": .healthy
        case "unhealthy":
            .unhealthy(
                (output ?? "").split(whereSeparator: \.isNewline).last.map { String($0).shortened(to: 200) } ?? "")
        case "starting": .starting
        default: nil
        }
    }

    /// Returns what became of the run that the container belongs to.
    ///
    /// - Parameters:
    ///   - run: the run.
    ///   - boot: the current boot of the machine.
    ///   - now: the present moment.
    ///   - details: what is known of the image.
    ///   - isLeaseLost: whether the watchdog of the run has begun to kill the container.
    /// - Returns: `nil` if the run has not started, also if an attempt to start it failed.
    package func state(
        of run: RunIdentity, boot: String, now: DurableInstant, details: RunDetails = RunDetails(),
        isLeaseLost: Bool = false
    ) -> RunState? {
        switch phase {
        // Nobody saw how it ended, and a machine that shuts down ends programs that then exit with any code.
        case .created where run.boot != boot, .exited where run.boot != boot: .ended(.rebooted)
        case .created: nil
        case .running: .running(since: started(run, now: now), self.details(details, now: now))
        case .exited where isLeaseLost && exitCode == Self.killed && !ranOutOfMemory: .ended(.leaseLost)
        case .exited: .ended(end(now: now))
        }
    }

    /// The exit code of a container that SIGKILL ended.
    private static let killed = 128 + 9

    /// Adds the health of the image to what else is known. Podman carries out checks only where it can set timers of systemd; a
    /// check that never happens says nothing about the run.
    private func details(_ details: RunDetails, now: DurableInstant) -> RunDetails {
        var details = details
        details.imageHealth = health
        if let firstCheckDue, let startedAt, now.wall - startedAt > firstCheckDue { details.imageHealth = nil }
        return details
    }

    private func end(now: DurableInstant) -> RunEnd {
        let finished = finishedAt ?? now.wall
        let lasted = startedAt.map { max(finished - $0, .zero) } ?? .zero
        return .exited(TaskResult(code: exitCode, oom: ranOutOfMemory, at: finished), lasted: lasted)
    }

    /// Returns when the container started, on the boot-time clock. The engine only knows the wall-clock time.
    private func started(_ run: RunIdentity, now: DurableInstant) -> DurableInstant {
        guard let startedAt else { return now }
        let age = max(now.wall - startedAt, .zero)
        guard age < now.uptime else { return DurableInstant(boot: run.boot, uptime: .zero, wall: startedAt) }
        return DurableInstant(boot: run.boot, uptime: now.uptime - age, wall: startedAt)
    }

    /// Returns an error of an engine without the names of the internal steps that failed because of it:
    /// `exec: "nosuch": executable file not found in $PATH`.
    ///
    /// - Parameter definition: the task. Its arguments are shown as they are written, because values of variables may be secret.
    package static func readable(_ error: String, of definition: TaskDefinition) -> String {
        guard let program = (definition.entrypoint + definition.command).first,
            program.utf8.contains(UInt8(ascii: "$")),
            case let text = reason(in: error)[...], let start = text.range(ofText: "exec: \"")?.upperBound,
            let end = text[start...].lastIndex(of: "\"")
        else { return reason(in: error) }
        return String(text[..<start]) + program + String(text[end...])
    }

    /// Returns an error of an engine without the names of the internal steps that failed because of it.
    static func reason(in error: String) -> String {
        var text = error[...]
        for step in [
            "unable to start container process: ", "failed to create shim task: ", "OCI runtime create failed: ",
        ] {
            if let range = text.range(ofText: step) { text = text[range.upperBound...] }
        }
        let endings = [
            ": unknown", ": OCI runtime attempted to invoke a command that was not found", ": OCI permission denied",
        ]
        for ending in endings where text.hasSuffix(ending) { text = text.dropLast(ending.count) }
        return String(text)
    }
}

extension Substring {
    /// Returns the last place of another text in this one. Compares bytes.
    fileprivate func range(ofText text: String) -> Range<Index>? {
        let (bytes, sought) = (utf8, Array(text.utf8))
        guard bytes.count >= sought.count else { return nil }
        var start = bytes.index(endIndex, offsetBy: -sought.count)
        while true {
            let end = bytes.index(start, offsetBy: sought.count)
            if bytes[start..<end].elementsEqual(sought) { return start..<end }
            guard start > startIndex else { return nil }
            start = bytes.index(before: start)
        }
    }
}
