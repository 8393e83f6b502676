package import CubeJSON
import CubeTypes

/// Who depends on whom, seen from both sides, and the cycles in it. Names that are gone stay in it until they are forgotten,
/// as they are pruned in the reverse order.
package struct DependencyGraph: Sendable {
    /// Sorted.
    private(set) var dependencies: [WorkloadName: [WorkloadName]] = [:]
    private(set) var dependents: [WorkloadName: Set<WorkloadName>] = [:]
    /// The cycle that a name is part of: its names in their order, the least first.
    private(set) var cycles: [WorkloadName: [WorkloadName]] = [:]
    /// The names whose dependencies changed since cycles were looked for.
    private var changed: Set<WorkloadName> = []

    /// - Parameter names: sorted.
    /// - Returns: the names on which it depends now and did not, or the other way round.
    @discardableResult
    mutating func set(_ name: WorkloadName, to names: [WorkloadName]) -> Set<WorkloadName> {
        let old = dependencies[name] ?? []
        guard old != names else { return [] }
        for other in old {
            dependents[other]?.remove(name)
            if dependents[other]?.isEmpty == true { dependents[other] = nil }
        }
        for other in names { dependents[other, default: []].insert(name) }
        dependencies[name] = names.isEmpty ? nil : names
        changed.insert(name)
        return Set(old).symmetricDifference(names)
    }

    /// Whether each of two names leads to the other: neither can go before the other then.
    func areInOneCycle(_ name: WorkloadName, _ other: WorkloadName) -> Bool {
        cycles[name].map { $0 == cycles[other] } ?? false
    }

    /// Looks for cycles among what changed, what it leads to, and what was in one.
    ///
    /// - Returns: the names that came into a cycle, or out of one, or are in another one.
    mutating func takeChanges() -> Set<WorkloadName> {
        guard !changed.isEmpty else { return [] }
        let roots = changed.union(cycles.keys).sorted()
        changed = []
        var found: [WorkloadName: [WorkloadName]] = [:]
        for component in components(from: roots) {
            guard component.count > 1 || dependencies[component[0]]?.contains(component[0]) == true else { continue }
            let cycle = cycle(within: Set(component))
            for name in component { found[name] = cycle }
        }
        let former = cycles
        cycles = found
        return Set(former.keys).union(found.keys).filter { former[$0] != found[$0] }
    }

    /// The strongly connected components that are to be reached, by Tarjan's algorithm, without recursion.
    private func components(from roots: [WorkloadName]) -> [[WorkloadName]] {
        var numbers: [WorkloadName: Int] = [:]
        var lowest: [WorkloadName: Int] = [:]
        var open: [WorkloadName] = []
        var isOpen: Set<WorkloadName> = []
        var way: [(name: WorkloadName, next: Int)] = []
        var found: [[WorkloadName]] = []
        func enter(_ name: WorkloadName) {
            lowest[name] = numbers.count
            numbers[name] = numbers.count
            open.append(name)
            isOpen.insert(name)
            way.append((name, 0))
        }
        for root in roots where numbers[root] == nil {
            enter(root)
            while let (name, next) = way.last {
                let targets = dependencies[name] ?? []
                if next < targets.count {
                    way[way.count - 1].next += 1
                    let target = targets[next]
                    if numbers[target] == nil {
                        enter(target)
                    } else if isOpen.contains(target) {
                        lowest[name] = min(lowest[name]!, numbers[target]!)
                    }
                    continue
                }
                way.removeLast()
                if let above = way.last?.name { lowest[above] = min(lowest[above]!, lowest[name]!) }
                guard lowest[name] == numbers[name] else { continue }
                let component = Array(open[open.firstIndex(of: name)!...])
                open.removeLast(component.count)
                isOpen.subtract(component)
                found.append(component)
            }
        }
        return found
    }

    /// The shortest way from the least of the names back to itself.
    private func cycle(within names: Set<WorkloadName>) -> [WorkloadName] {
        let start = names.min()!
        var cameFrom: [WorkloadName: WorkloadName] = [:]
        var queue = [start]
        var position = 0
        while position < queue.count {
            let name = queue[position]
            position += 1
            for target in dependencies[name] ?? [] where names.contains(target) {
                if target == start {
                    var way = [name]
                    while let last = way.last, last != start, let before = cameFrom[last] { way.append(before) }
                    return way.reversed()
                }
                if cameFrom[target] == nil {
                    cameFrom[target] = name
                    queue.append(target)
                }
            }
        }
        return [start]
    }
}

extension DependencyGraph {
    /// What is wrong with what a workload depends on.
    func problems(with workload: Workload, isDeclared: (WorkloadName) -> Bool) -> [Diagnostic] {
        var problems = workload.dependsOn.filter { !isDeclared($0.name) }.map { dependency in
            Diagnostic(
                reason: .unknownDependency,
                summary: "\(workload.name) depends on \(dependency.name), which no manifest declares",
                range: dependency.range)
        }
        if let cycle = cycles[workload.name] {
            let way = (cycle + cycle.prefix(1)).map(\.rawValue).joined(separator: " -> ")
            let place = workload.dependsOn.first { cycles[$0.name] == cycle }?.range ?? workload.range
            problems.append(
                Diagnostic(
                    reason: .dependencyCycle, summary: "\(workload.name) depends on itself: \(way)", range: place))
        }
        return problems.sorted { $0.range.start.byte < $1.range.start.byte }
    }

    /// What is wrong with the dependencies among manifests that are all there are, in their order.
    package static func problems(among workloads: [Workload]) -> [Diagnostic] {
        var graph = DependencyGraph()
        let names = Set(workloads.map(\.name))
        for workload in workloads { graph.set(workload.name, to: workload.dependencies) }
        _ = graph.takeChanges()
        return workloads.flatMap { graph.problems(with: $0, isDeclared: names.contains) }
    }
}
