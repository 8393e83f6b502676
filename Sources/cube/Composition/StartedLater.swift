import ServiceLifecycle

/// A service that is made only when what it needs is known. Shutdown before that ends it.
struct StartedLater<Base: Service>: Service {
    let make: @Sendable () async throws -> Base

    func run() async throws { try await make().run() }
}
