package import CubeTypes

/// The state of a run that was started.
package enum RunState: Hashable, Sendable {
    case running(since: DurableInstant, RunDetails = RunDetails())
    case ended(RunEnd)
}
