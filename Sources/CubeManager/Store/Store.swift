/// Where the manager's state is durable.
package protocol Store: Sendable {
}
