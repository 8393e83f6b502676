import CubeTypes

/// The contexts of a user: the managers that `cube login` made known, and which of them commands use.
struct Contexts: Codable, Equatable, Sendable {
    /// A manager, and the token for it.
    struct Context: Codable, Equatable, Sendable {
        var manager: Endpoint
        /// The token; `nil` for a Unix socket.
        var token: String?
        /// The path of a PEM file with the authorities that may certify the manager; `nil` for the one that the token names, or those
        /// of the machine.
        var authorities: String?
    }

    /// The context that commands use; `nil` for the manager of the data directory.
    private(set) var current: ContextName?
    private(set) var contexts: [ContextName: Context] = [:]

    enum CodingKeys: String, CodingKey { case current, contexts }

    init() {}

    /// The names, sorted.
    var names: [ContextName] { contexts.keys.sorted() }

    /// - Throws: A `Failure` if there is no such context.
    func context(_ name: ContextName) throws -> Context {
        guard let context = contexts[name] else {
            throw Failure("there is no context \(name)", hint: "`cube context list` lists the contexts")
        }
        return context
    }

    /// Adds or replaces a context, which becomes the current one.
    mutating func add(_ context: Context, as name: ContextName) {
        contexts[name] = context
        current = name
    }

    /// Makes a context the current one.
    ///
    /// - Throws: A `Failure` if there is no such context.
    mutating func use(_ name: ContextName) throws {
        if name != .local { _ = try context(name) }
        current = name == .local ? nil : name
    }

    /// Removes a context. If it was the current one, commands use the manager of the data directory from then on.
    ///
    /// - Throws: A `Failure` if there is no such context.
    mutating func remove(_ name: ContextName) throws {
        _ = try context(name)
        contexts[name] = nil
        if current == name { current = nil }
    }
}
