import CubeTypes

extension ManagerService {
    /// What a caller waits for.
    enum Topic: Hashable, Sendable {
        case owner(OwnerName)
        case events
        /// A node's worker may have to be told something.
        case node(NodeName)
        /// A node came or went, or has a new address.
        case fleet
    }
}
