import CubeCore
import CubeTypes

/// A container with its state, as `GET /containers/{id}/json` describes it.
struct EngineContainer: Decodable, Sendable {
    var status: ContainerStatus
    /// The IP address of the container in the first of its networks; `nil` if it has none of its own.
    var address: String?
    var labels: [String: String]

    private enum CodingKeys: String, CodingKey { case state, config, networkSettings }

    private struct State: Decodable {
        var status: String
        var pid: Int32?
        var exitCode: Int?
        var ranOutOfMemory: Bool?
        var startedAt: String?
        var finishedAt: String?

        enum CodingKeys: String, CodingKey {
            case status, pid, exitCode, startedAt, finishedAt
            case ranOutOfMemory = "oOMKilled"
        }

    }

    /// Returns the phase for a state in the words of Docker or Podman.
    static func phase(of state: String) -> ContainerStatus.Phase {
        switch state {
        case "created", "configured", "initialized": .created
        case "exited", "dead", "stopped", "removing": .exited
        // Also paused, restarting and stopping, in which processes exist.
        default: .running
        }
    }

    private struct Configuration: Decodable { var labels: [String: String]? }

    private struct NetworkSettings: Decodable {
        var address: String?
        var networks: [String: Attachment]?

        enum CodingKeys: String, CodingKey {
            case networks
            case address = "iPAddress"
        }

        struct Attachment: Decodable {
            var address: String?

            enum CodingKeys: String, CodingKey { case address = "iPAddress" }
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        labels = try container.decode(Configuration.self, forKey: .config).labels ?? [:]
        let state = try container.decode(State.self, forKey: .state)
        status = ContainerStatus(
            phase: Self.phase(of: state.status), process: state.pid.flatMap { $0 > 0 ? $0 : nil },
            exitCode: state.exitCode ?? 0,
            ranOutOfMemory: state.ranOutOfMemory ?? false,
            startedAt: Self.time(state.startedAt), finishedAt: Self.time(state.finishedAt))
        let network = try container.decodeIfPresent(NetworkSettings.self, forKey: .networkSettings)
        let attached = network?.networks?.sorted { $0.key < $1.key }.compactMap(\.value.address) ?? []
        address = ([network?.address].compactMap { $0 } + attached).first { !$0.isEmpty }
    }

    /// Parses a time of the engine. A container that never ran has times in the year 1.
    private static func time(_ text: String?) -> Timestamp? {
        guard let text, !text.hasPrefix("0001-") else { return nil }
        return EngineTime(text).map { Timestamp(milliseconds: $0.nanoseconds / 1_000_000) }
    }
}
