import CubeTypes

/// The names that the next pass must look at.
struct PassWork: Sendable {
    /// The names to decide.
    var undecided: Set<WorkloadName> = []
    /// The names whose decision stands, but whose verdict or answers changed.
    var unreported: Set<WorkloadName> = []
    /// The names of which nothing is left. The next plan reports them as gone.
    var gone: Set<WorkloadName> = []
}
