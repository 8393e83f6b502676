/// Measures what a pass of the reconciler asks of the kernel after one manifest changed, beside more and more other manifests.
struct PassBenchmark {
    /// The numbers of manifests, of which the first is the floor of the others.
    var counts: [Int]
    var repetitions: Int

    private struct Counts {
        var all: [Double] = []
        var files: [Double] = []
        var manifests: [Double] = []
        var cores = 0.0
    }

    /// Figures c: system calls, those that concern files, and manifests that are read.
    func figures() async throws -> [Figure] {
        var figures: [Figure] = []
        var smallest: Counts?
        for count in counts {
            let passes = try await measure(count)
            let first = smallest ?? passes
            smallest = first
            figures += Self.figures(passes, beside: first, manifests: count, cores: passes.cores)
        }
        return figures
    }

    private static func figures(_ passes: Counts, beside first: Counts, manifests: Int, cores: Double) -> [Figure] {
        func figure(
            _ id: String, _ name: String, _ counts: [Double], _ against: String, _ floor: Double, aim: String,
            isMet: (_ figure: Double, _ ratio: Double) -> Bool
        ) -> Figure {
            Figure(
                id: id, name: "\(name), \(manifests) manifests", figure: counts.median, p99: counts.max() ?? 0,
                unit: "calls", cores: cores, against: against, floor: floor, ratio: counts.median / floor, aim: aim,
                met: isMet(counts.median, counts.median / floor))
        }
        let (all, files) = (first.all.median, first.files.median)
        return [
            figure("c", "a pass", passes.all, "the fewest manifests", all, aim: "≤ 100, ± 20 %") {
                $0 <= 100 && (0.8...1.2).contains($1)
            },
            figure("c1", "of these on files", passes.files, "the fewest manifests", files, aim: "± 20 %") {
                (0.8...1.2).contains($1)
            },
            figure("c2", "manifests read", passes.manifests, "the one that changed", 1, aim: "1") { count, _ in
                count == 1
            },
        ]
    }

    private func measure(_ count: Int) async throws -> Counts {
        let reconciler = try await TracedReconciler(manifests: count)
        defer { reconciler.end() }
        var counts = Counts()
        var (seconds, busy) = (0.0, 0.0)
        for version in 0..<repetitions {
            let pass = try await reconciler.pass(replacing: version % count, version: version)
            counts.all.append(Double(pass.calls.all))
            counts.files.append(Double(pass.calls.files))
            counts.manifests.append(Double(pass.calls.manifests))
            seconds += pass.seconds
            busy += pass.busy
            if version + 1 < repetitions { try await reconciler.settle() }
        }
        counts.cores = busy / seconds
        return counts
    }
}
