import CubeJSON
import CubeTypes

extension Workload {
    /// Returns the fields in which this manifest differs from another one, named as in manifests. Values of `env` are not shown.
    func differences(from other: Workload) -> [Difference] {
        fields.differences(from: other.definition, to: definition)
            + Difference.list(
                from: fields.steering.shown(other.steering), to: fields.steering.shown(steering), replaces: false)
    }
}
