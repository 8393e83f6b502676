import CubeTypes

extension ResourceSpec {
    /// The greater one of each amount.
    func pointwiseMax(_ other: ResourceSpec) -> ResourceSpec {
        ResourceSpec(
            millicores: max(millicores, other.millicores), memory: max(memory, other.memory),
            disk: max(disk, other.disk))
    }

    /// The smaller one of each amount.
    func pointwiseMin(_ other: ResourceSpec) -> ResourceSpec {
        ResourceSpec(
            millicores: min(millicores, other.millicores), memory: min(memory, other.memory),
            disk: min(disk, other.disk))
    }
}
