import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    static func volumes(_ manager: ManagerService) -> [Route] {
        let prefix = "\(managerPrefix)/volumes"
        return [
            Route(
                .get, prefix, .reader,
                Operation("listVolumes", "Lists all named volumes, by owner and name.", .ok(VolumeList.self))
            ) { _ in try .json(try await manager.volumes()) },
            Route(
                .delete, "\(prefix)/{owner}/{name}", .writer,
                Operation(
                    "removeVolume",
                    "Removes a named volume with its data. A volume that a task uses is not removed. If its node does not confirm "
                        + "the removal in time, the manager repeats it until it succeeds.",
                    .nothing("The volume is removed."), errors: [.volumeNotFound, .conflict, .timeout]),
                .path("owner", as: OwnerName.self, "Owner of the volume."),
                .path("name", as: VolumeName.self, "Name of the volume."),
                .identifier(
                    "node", as: NodeName.self, "The node that has the volume; a volume on another node is not removed."),
                .flag(
                    "forget",
                    "Whether to drop only the record of the volume, because its node is gone. The data stay where they are."
                ),
                .wait("wait", "Maximum time to wait until the node has removed the volume.")
            ) { call, owner, name, node, forget, wait in
                try await call.untilGone {
                    try await manager.removeVolume(name, of: owner, from: node, isGone: forget, wait: wait)
                }
                return .noContent
            },
        ]
    }
}
