import CubeTypes

extension Array {
    /// Splits the elements into parts that each fit into one request, in order.
    ///
    /// - Parameters:
    ///   - maximum: the maximum number of elements of a part.
    ///   - bytes: the maximum size of a part that has several elements.
    ///   - size: returns the size of an element in bytes.
    package func parts(of maximum: Int, bytes: Int, size: (Element) -> Int) -> [[Element]] {
        var parts: [[Element]] = []
        var part: [Element] = []
        var total = 0
        for element in self {
            let size = size(element)
            if part.count == maximum || !part.isEmpty && total + size > bytes {
                parts.append(part)
                (part, total) = ([], 0)
            }
            part.append(element)
            total += size
        }
        return part.isEmpty ? parts : parts + [part]
    }
}

extension TaskDefinition {
    /// The approximate size on the wire in bytes, without escapes.
    package var approximateSize: Int {
        // Contents are sent in base64.
        contentSources.reduce(0) { $0 + ($1.content?.count ?? 0) * 4 / 3 }
            + command.reduce(1024) { $0 + $1.utf8.count + 8 }
            + env.merging(labels) { $0 + $1 }.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 8 }
    }
}
