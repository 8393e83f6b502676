import CubeCore
import CubeJSON
import CubeManager
import CubeTypes
import Synchronization

/// Tasks as a caller may see them, encoded.
///
/// The role `read` receives no values of `env`, and digests keyed with the cluster's secret.
final class ShownTasks: Sendable {
    private let key: DigestKey
    private let complete = EncodedTasks { $0 }
    private let concealed: EncodedTasks

    init(key: DigestKey) {
        self.key = key
        concealed = EncodedTasks { task in
            var task = task.keyed(by: key)
            task.definition.env = task.definition.env.mapValues { _ in TaskDefinition.hiddenValue }
            return task
        }
    }

    func shown(_ task: TaskRecord, to role: TokenSet.Role?) throws -> [UInt8] {
        try encoded(for: role).texts(of: [task])[0]
    }

    func shown(_ page: Listing<TaskList>, to role: TokenSet.Role?) throws -> some Encodable {
        var list = page.answer
        list.slots = shown(list.slots, to: role)
        if role != .read { list.digestKey = key.hexadecimal }
        return AnswerWithTasks(
            answer: list, key: TaskList.CodingKeys.tasks, tasks: try encoded(for: role).array(of: page.tasks))
    }

    func shown(_ listing: Listing<TaskChanges>, to role: TokenSet.Role?) throws -> some Encodable {
        var changes = listing.answer
        changes.slots = shown(changes.slots, to: role)
        return AnswerWithTasks(
            answer: changes, key: TaskChanges.CodingKeys.changed, tasks: try encoded(for: role).array(of: listing.tasks)
        )
    }

    private func shown(_ slots: [SlotStatus], to role: TokenSet.Role?) -> [SlotStatus] {
        role == .read ? slots.map { $0.keyed(by: key) } : slots
    }

    private func encoded(for role: TokenSet.Role?) -> EncodedTasks { role == .read ? concealed : complete }
}

/// An answer that was made without its tasks, and these.
private struct AnswerWithTasks<Answer: Encodable, Key: CodingKey>: Encodable {
    let answer: Answer
    let key: Key
    let tasks: EncodedJSON

    func encode(to encoder: any Encoder) throws {
        try answer.encode(to: encoder)
        // Replaces the empty member of the answer.
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(tasks, forKey: key)
    }
}

/// The encodings of tasks. A list repeats what earlier lists said of most tasks, so an encoding is kept until its task changes.
private final class EncodedTasks: Sendable {
    /// The texts in two generations: when the young ones reach half of the limit, they become the old ones, which are forgotten.
    private struct Known {
        private var young: [TaskID: Text] = [:]
        private var old: [TaskID: Text] = [:]
        /// The size of the young texts in bytes.
        private var size = 0

        /// The maximum size of all texts in bytes.
        private static let limit = 32 << 20

        struct Text {
            var revision: Int
            var bytes: [UInt8]
        }

        subscript(task: TaskRecord) -> [UInt8]? {
            (young[task.id] ?? old[task.id]).flatMap { $0.revision == task.revision ? $0.bytes : nil }
        }

        mutating func note(_ bytes: [UInt8], of task: TaskRecord) {
            let last = young.updateValue(Text(revision: task.revision, bytes: bytes), forKey: task.id)
            size += bytes.count - (last?.bytes.count ?? 0)
            guard size > Self.limit / 2 else { return }
            (old, young, size) = (young, [:], 0)
        }
    }

    private let known = Mutex(Known())
    private let view: @Sendable (TaskStatus) -> TaskStatus

    /// - Parameter view: returns a task as the caller may see it.
    init(view: @Sendable @escaping (TaskStatus) -> TaskStatus) { self.view = view }

    func array(of tasks: [TaskRecord]) throws -> EncodedJSON { EncodedJSON(arrayOf: try texts(of: tasks)) }

    func texts(of tasks: [TaskRecord]) throws -> [[UInt8]] {
        var texts = known.withLock { known in tasks.map { known[$0] ?? [] } }
        let new = texts.indices.filter { texts[$0].isEmpty }
        for index in new { texts[index] = try JSONBytesEncoder.bytes(of: view(tasks[index].status)) }
        if !new.isEmpty { known.withLock { known in for index in new { known.note(texts[index], of: tasks[index]) } } }
        return texts
    }
}
