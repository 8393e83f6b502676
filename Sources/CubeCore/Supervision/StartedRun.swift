/// A run of a task whose record is missing, as determined from the files of the run.
package struct StartedRun: Hashable, Sendable {
    package var placement: Int
    package var number: Int
    /// Whether the supervisor of the run is still running.
    package var isAlive: Bool

    package init(placement: Int, number: Int, isAlive: Bool) {
        self.placement = placement
        self.number = number
        self.isAlive = isAlive
    }
}
