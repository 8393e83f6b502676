import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func owners(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/owners"
        let owner = Input<OwnerName>.path("owner", "Name of the owner.")
        return [
            Route(
                .get, prefix, .reader, Operation("listOwners", "Lists all owners, by name.", .ok(OwnerList.self))
            ) { _ in try .json(try await manager.owners()) },
            Route(
                .get, "\(prefix)/{owner}", .reader,
                Operation("getOwner", "Returns an owner.", .ok(OwnerStatus.self), errors: [.ownerNotFound]), owner
            ) { _, owner in try .json(try await manager.owner(owner)) },
            Route(
                .delete, "\(prefix)/{owner}", .writer,
                Operation(
                    "forgetOwner", "Removes an owner without live tasks, including its slots and ended tasks.",
                    .nothing("The owner is removed."), errors: [.ownerNotFound, .leaseHeld, .conflict]), owner
            ) { _, owner in
                try await manager.forget(owner)
                return .noContent
            },
            Route(
                .put, "\(prefix)/{owner}/lease", .writer,
                Operation(
                    "takeLease",
                    "Takes, renews or releases the lease of an owner. The owner in the response contains no directives, holds, "
                        + "pruned names or root, because a lease is renewed every few seconds.",
                    .ok(OwnerStatus.self), errors: [.ownerNotFound, .ownerTaken, .leaseHeld, .staleFence]),
                takesBatch: true, owner, .body(LeaseRequest.self)
            ) { _, owner, request in try .json(try await manager.lease(owner, request)) },
            Route(
                .put, "\(prefix)/{owner}/directives/{name}", .writer,
                Operation(
                    "giveDirective",
                    "Gives an owner a directive: approve, retry, restart, suspend, resume, look, or claim for another source.",
                    .ok(OwnerStatus.self), errors: [.ownerNotFound, .holdNotFound, .conflict, .tooManyRequests]),
                owner, .path("name", "`VERB-SUBJECT`, with `-` for each `:` in the subject."), .body(Directive.self)
            ) { _, owner, name, directive in
                guard directive.name == name else {
                    throw APIError.invalid([
                        ValidationError(field: "name", value: name, message: "must be \(directive.name)")
                    ])
                }
                return try .json(try await manager.direct(owner, directive))
            },
        ]
    }
}
