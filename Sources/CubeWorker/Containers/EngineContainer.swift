import CubeCore
import CubeTypes

/// A container with its state, as `GET /containers/{id}/json` describes it.
struct EngineContainer: Decodable, Sendable {
    var id: String
    var status: ContainerStatus
    /// The IP address of the container in the first of its networks; `nil` if it has none of its own.
    var address: String?
    var labels: [String: String]
    /// The reference with which it was created; empty if the engine does not say.
    var reference: String
    /// The ID of its image; `nil` if the engine does not say.
    var image: String?

    private enum CodingKeys: String, CodingKey { case id, state, config, networkSettings, image }

    private struct State: Decodable {
        var status: String
        var pid: Int32?
        var exitCode: Int?
        var ranOutOfMemory: Bool?
        var startedAt: String?
        var finishedAt: String?
        var health: Health?

        enum CodingKeys: String, CodingKey {
            case status, pid, exitCode, startedAt, finishedAt, health
            case ranOutOfMemory = "oOMKilled"
        }

        /// The state of the health check of the image, with its last results.
        struct Health: Decodable {
            var status: String?
            var log: [Entry]?

            struct Entry: Decodable { var output: String? }
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

    private struct Configuration: Decodable {
        var labels: [String: String]?
        var image: String?
        var healthcheck: Healthcheck?

        /// The health check of the image. The times are in nanoseconds; 0 stands for the default.
        struct Healthcheck: Decodable {
            var interval: Int64?
            var timeout: Int64?
            var startPeriod: Int64?

            /// The age by which the first check must have ended. Twice the interval, because the engine may be slow.
            var firstDue: Duration {
                func time(_ nanoseconds: Int64?) -> Duration {
                    nanoseconds.flatMap { $0 > 0 ? .nanoseconds($0) : nil } ?? .seconds(30)
                }
                return .nanoseconds(max(startPeriod ?? 0, 0)) + time(interval) * 2 + time(timeout)
            }
        }
    }

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
        id = try container.decode(String.self, forKey: .id)
        let configuration = try container.decode(Configuration.self, forKey: .config)
        labels = configuration.labels ?? [:]
        reference = configuration.image ?? ""
        let state = try container.decode(State.self, forKey: .state)
        status = ContainerStatus(
            phase: Self.phase(of: state.status), process: state.pid.flatMap { $0 > 0 ? $0 : nil },
            exitCode: state.exitCode ?? 0,
            ranOutOfMemory: state.ranOutOfMemory ?? false,
            startedAt: Self.time(state.startedAt), finishedAt: Self.time(state.finishedAt),
            health: ContainerStatus.health(state.health?.status, output: state.health?.log?.last?.output),
            firstCheckDue: state.health?.log?.isEmpty == false ? nil : configuration.healthcheck?.firstDue)
        image = try container.decodeIfPresent(String.self, forKey: .image)?.asImageID
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
