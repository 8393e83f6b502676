import CubeTypes

/// The progress of a pull, from the messages of the engine.
package struct PullProgress: Hashable, Sendable {
    private var layers: [String: Layer] = [:]

    private struct Layer: Hashable {
        var isDone = false
        var current = 0
        var total = 0
    }

    /// The largest size of a layer that is believed, in bytes, because a registry can claim any size.
    private static let maximumLayer = 1 << 48

    package init() {}

    /// The words with which Docker and Podman begin the messages about a layer that is not downloaded yet.
    private static let pending = ["Pulling fs layer", "Waiting", "Downloading", "Retrying"]
    /// The words about a layer that is downloaded or was there before.
    private static let done = [
        "Verifying Checksum", "Download complete", "Extracting", "Pull complete", "Already exists",
        "Layer already exists",
    ]

    /// Takes in a message.
    ///
    /// - Parameters:
    ///   - id: the layer that the message is about; `nil` if it is about the whole image.
    ///   - status: the message in the engine's words.
    ///   - current: the downloaded or unpacked bytes of the layer, if the message says so.
    ///   - total: the size of the layer in bytes, if the message says so.
    package mutating func take(id: String?, status: String, current: Int?, total: Int?) {
        guard let id else { return }
        let isDone = Self.done.contains(where: status.hasPrefix)
        // Other messages have an ID that is not that of a layer, such as the tag.
        guard isDone || Self.pending.contains(where: status.hasPrefix) else { return }
        var layer = layers[id] ?? Layer()
        if isDone {
            layer.isDone = true
            layer.current = layer.total
        } else if status.hasPrefix("Downloading") {
            layer.total = min(max(total ?? 0, layer.total), Self.maximumLayer)
            layer.current = min(max(current ?? 0, 0), layer.total)
        }
        layers[id] = layer
    }

    /// The progress in words, such as `3 of 7 layers, 12.1 of 54.0 MiB`; `nil` if nothing is known yet.
    package var text: String? {
        guard !layers.isEmpty else { return nil }
        let all = layers.values
        let text = "\(all.count(where: \.isDone)) of \(Count(all.count, "layer"))"
        let total = all.reduce(0) { $0 + $1.total }
        guard total > 0 else { return text }
        return "\(text), \(Self.mebibytes(all.reduce(0) { $0 + $1.current })) of \(Self.mebibytes(total)) MiB"
    }

    private static func mebibytes(_ bytes: Int) -> String {
        let tenths = (bytes * 10 + (1 << 19)) >> 20
        return "\(tenths / 10).\(tenths % 10)"
    }
}
