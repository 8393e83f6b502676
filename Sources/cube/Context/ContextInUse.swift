import CubeText
import CubeTypes
import Synchronization

/// The context that this process used last, so that an error can name it. A user who forgot a context would otherwise look for the
/// cause in the wrong cluster.
enum ContextInUse {
    private static let last = Mutex<(name: ContextName, manager: Endpoint)?>(nil)

    static func note(_ choice: ManagerChoice) {
        guard case .context(let name, let context, _) = choice else { return }
        last.withLock { $0 = (name, context.manager) }
    }

    /// The line below an error; `nil` if no context was used.
    static var line: TextLine? {
        last.withLock(\.self).map { "\("context:", .cyan) \($0.name) (\($0.manager))" }
    }
}
