import CubeJSON
import CubeTypes

extension Workload {
    /// The fields in which a manifest does not say what this one says, as manifests call them. Values of `env` are not shown.
    func differences(from other: Workload) -> [Difference] {
        let (mine, theirs) = (steering, other.steering)
        let steered = Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.map {
            Difference(of: $0, mine[$0], theirs[$0])
        }
        return definition.differences(from: other.definition) + steered
    }

    /// The fields that are no part of the definition, as texts.
    private var steering: [ExactText: ExactText] {
        let manifest = Manifest(
            definition: definition, replicas: replicas, update: update, suspend: suspend, prune: prune,
            dependsOn: dependencies.map { WrittenName(name: $0, bytes: 0..<0) }, ignore: ignore)
        var texts: [ExactText: ExactText] = [:]
        CanonicalJSON.object(Manifest.steering.shown(manifest)).list(in: &texts)
        return texts
    }
}
