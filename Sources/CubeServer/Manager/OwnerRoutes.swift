import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func owners(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/owners"
        let owner = Input<OwnerName>.path("owner", "The owner's name.")
        return [
            Route(
                .get, prefix, .reader, Operation("listOwners", "All owners, by name.", .ok(OwnerList.self))
            ) { _ in try .json(try await manager.owners()) },
            Route(
                .get, "\(prefix)/{owner}", .reader,
                Operation("getOwner", "One owner.", .ok(OwnerStatus.self), errors: [.ownerNotFound]), owner
            ) { _, owner in try .json(try await manager.owner(owner)) },
            Route(
                .delete, "\(prefix)/{owner}", .writer,
                Operation(
                    "forgetOwner", "Forgets an owner that has no living task, with its slots and ended tasks.",
                    .nothing("It is forgotten."), errors: [.ownerNotFound, .leaseHeld, .conflict]), owner
            ) { _, owner in
                try await manager.forget(owner)
                return .noContent
            },
            Route(
                .put, "\(prefix)/{owner}/lease", .writer,
                Operation(
                    "takeLease", "Takes, renews or gives back the lease of an owner.", .ok(OwnerStatus.self),
                    errors: [.ownerNotFound, .ownerTaken, .leaseHeld, .staleFence]),
                owner, .body(LeaseRequest.self)
            ) { _, owner, request in try .json(try await manager.lease(owner, request)) },
            Route(
                .put, "\(prefix)/{owner}/directives/{name}", .writer,
                Operation(
                    "giveDirective",
                    "Tells an owner to approve, retry, restart, suspend, resume, look; or binds it to another source.",
                    .ok(OwnerStatus.self), errors: [.ownerNotFound, .holdNotFound, .tooManyRequests]),
                owner, .path("name", "`VERB-SUBJECT`, a `:` in the subject as `-`."), .body(Directive.self)
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
