import CubeTypes

/// The only owner that has a task as it was named, if that is another owner than the one of the command.
struct OtherOwner: Equatable {
    let name: OwnerName

    /// - Parameter owners: The owners that have such a task.
    /// - Returns: `nil` if nobody has such a task, or several owners have one, or that of the command has one.
    init?(than owner: OwnerName, among owners: Set<OwnerName>) {
        guard let other = owners.first, owners.count == 1, other != owner else { return nil }
        name = other
    }

    /// The hint that the task of this owner may be meant.
    ///
    /// - Parameter remedy: What selects the owner, such as a command.
    func hint(_ remedy: String) -> String { "owner \(name) has such a task: \(remedy)" }
}
