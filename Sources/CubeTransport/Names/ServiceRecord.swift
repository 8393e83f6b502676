/// The location of a service, from an SRV record (RFC 2782).
package struct ServiceRecord: Hashable, Sendable {
    /// The priority; the lowest is used first.
    package var priority: Int
    /// The share of requests among records of the same priority.
    package var weight: Int
    package var port: Int
    /// The host name, without the trailing dot.
    package var target: String

    package init(priority: Int, weight: Int, port: Int, target: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.target = target
    }

    /// Returns the records sorted by priority; records of the same priority are in random order according to their weights.
    package static func ordered(
        _ records: [ServiceRecord], using generator: inout some RandomNumberGenerator
    ) -> [ServiceRecord] {
        // Records of weight 0 come first, so that they have a small chance to be chosen.
        var rest = records.sorted {
            ($0.priority, $0.weight, $0.target, $0.port) < ($1.priority, $1.weight, $1.target, $1.port)
        }
        var ordered: [ServiceRecord] = []
        while let first = rest.first {
            let group = rest.prefix { $0.priority == first.priority }
            var left = Int.random(in: 0...group.reduce(0) { $0 + $1.weight }, using: &generator)
            let index = group.firstIndex { record in
                left -= record.weight
                return left <= 0
            }
            ordered.append(rest.remove(at: index ?? group.startIndex))
        }
        return ordered
    }
}

extension ServiceRecord {
    /// The error for a malformed response of a name server.
    package struct Malformed: Error {}

    private static let type = 33

    /// Parses the SRV records in the response of a name server (RFC 1035, 4.1). Other records are ignored.
    package static func records(in answer: [UInt8]) throws(Malformed) -> [ServiceRecord] {
        var reader = MessageReader(bytes: answer)
        try reader.skip(4)
        let questions = try reader.integer()
        let answers = try reader.integer()
        try reader.skip(4)
        for _ in 0..<questions {
            _ = try reader.name()
            try reader.skip(4)
        }
        var records: [ServiceRecord] = []
        for _ in 0..<answers {
            _ = try reader.name()
            let type = try reader.integer()
            try reader.skip(6)
            let length = try reader.integer()
            let end = reader.place + length
            if type == Self.type {
                let priority = try reader.integer()
                let weight = try reader.integer()
                let port = try reader.integer()
                let target = try reader.name()
                // A target of "." means that the service does not exist.
                if !target.isEmpty {
                    records.append(ServiceRecord(priority: priority, weight: weight, port: port, target: target))
                }
                guard reader.place <= end else { throw Malformed() }
            }
            try reader.move(to: end)
        }
        return records
    }
}

/// A reader for the fields of a DNS message.
private struct MessageReader {
    /// The maximum length of a name in bytes.
    private static let longestName = 255

    let bytes: [UInt8]
    private(set) var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func skip(_ count: Int) throws(ServiceRecord.Malformed) { try move(to: place + count) }

    mutating func move(to place: Int) throws(ServiceRecord.Malformed) {
        guard (0...bytes.count).contains(place) else { throw ServiceRecord.Malformed() }
        self.place = place
    }

    /// Reads a 16-bit big-endian integer.
    mutating func integer() throws(ServiceRecord.Malformed) -> Int {
        guard place + 2 <= bytes.count else { throw ServiceRecord.Malformed() }
        defer { place += 2 }
        return Int(bytes[place]) << 8 | Int(bytes[place + 1])
    }

    /// Reads a name. It may end with a compression pointer, which must point backwards, so that there is no cycle.
    mutating func name() throws(ServiceRecord.Malformed) -> String {
        var labels: [String] = []
        var (at, end): (Int, Int?) = (place, nil)
        var bound = place
        var total = 0
        while true {
            guard at < bytes.count else { throw ServiceRecord.Malformed() }
            let length = Int(bytes[at])
            if length & 0xC0 == 0xC0 {
                guard at + 1 < bytes.count else { throw ServiceRecord.Malformed() }
                let target = (length & 0x3F) << 8 | Int(bytes[at + 1])
                guard target < bound else { throw ServiceRecord.Malformed() }
                end = end ?? at + 2
                (at, bound) = (target, target)
                continue
            }
            total += length + 1
            guard length & 0xC0 == 0, at + 1 + length <= bytes.count, total <= Self.longestName else {
                throw ServiceRecord.Malformed()
            }
            if length == 0 {
                place = end ?? at + 1
                return labels.joined(separator: ".")
            }
            labels.append(String(decoding: bytes[at + 1..<at + 1 + length], as: UTF8.self))
            at += 1 + length
        }
    }
}
