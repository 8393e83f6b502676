package import CubeJSON
import CubeTypes

/// The dependencies between names, in both directions, and the cycles among them. Names that are gone stay in the graph until
/// they are forgotten, because they are pruned in reverse order of their dependencies.
package struct DependencyGraph: Sendable {
    /// The dependencies of each name, sorted.
    private(set) var dependencies: [WorkloadName: [WorkloadName]] = [:]
    private(set) var dependents: [WorkloadName: Set<WorkloadName>] = [:]
    /// The cycle that each name is part of. A cycle lists its names in order of dependency, beginning with the least name.
    private(set) var cycles: [WorkloadName: [WorkloadName]] = [:]
    /// The names whose dependencies changed since the last search for cycles.
    private var changed: Set<WorkloadName> = []

    /// - Parameter names: the dependencies of the name, sorted.
    /// - Returns: the names that became dependencies, or ceased to be.
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

    /// Returns whether two names depend on each other, so that neither can be pruned before the other.
    func areInOneCycle(_ name: WorkloadName, _ other: WorkloadName) -> Bool {
        cycles[name].map { $0 == cycles[other] } ?? false
    }

    /// Searches for cycles among the changed names, the names that they lead to, and the names of known cycles.
    ///
    /// - Returns: the names that entered, left or changed their cycle.
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

    /// Returns the strongly connected components that are reachable from the roots, by Tarjan's algorithm without recursion.
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

    /// Returns the shortest path from the least of the names back to itself.
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
    /// Returns the problems with the dependencies of a workload.
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

    /// Returns the problems with the dependencies among a complete set of manifests, in the order of the manifests.
    package static func problems(among workloads: [Workload]) -> [Diagnostic] {
        guard workloads.contains(where: { !$0.steering.dependsOn.isEmpty }) else { return [] }
        var graph = DependencyGraph()
        let names = Set(workloads.map(\.name))
        for workload in workloads { graph.set(workload.name, to: workload.dependencies) }
        _ = graph.takeChanges()
        return workloads.flatMap { graph.problems(with: $0, isDeclared: names.contains) }
    }
}
