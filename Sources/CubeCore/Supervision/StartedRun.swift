/// A run that was started for a task whose record is missing, as the files of the run show it.
package struct StartedRun: Hashable, Sendable {
    package var placement: Int
    package var number: Int
    /// Whether its supervisor still runs.
    package var isAlive: Bool

    package init(placement: Int, number: Int, isAlive: Bool) {
        self.placement = placement
        self.number = number
        self.isAlive = isAlive
    }
}
