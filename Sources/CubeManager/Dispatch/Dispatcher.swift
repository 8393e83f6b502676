import CubeTypes

/// Keeps one ``NodeDispatcher`` for each registration of a node.
struct Dispatcher {
    let service: ManagerService

    func run() async {
        await withDiscardingTaskGroup { group in
            var running: Set<NodeDispatcher.Registration> = []
            while !Task.isCancelled {
                let registrations = await service.registrations(otherThan: running)
                for registration in registrations.subtracting(running) {
                    let dispatcher = NodeDispatcher(service: service, registration: registration)
                    group.addTask { await dispatcher.run() }
                }
                running = registrations
            }
        }
    }
}
