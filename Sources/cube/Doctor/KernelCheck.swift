import Glibc

/// Cube requires Linux 5.6, for pidfd and openat2.
struct KernelCheck: Check {
    /// The kernel release, such as `6.1.0-13-amd64`.
    var release: String

    let title = "kernel"
    var verdict: Verdict {
        let parts = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard parts.count == 2, (parts[0], parts[1]) >= (5, 6) else {
            return .bad("Linux \(release) is older than 5.6", hint: "run Cube on a newer kernel")
        }
        return .good("Linux \(release)")
    }

    static func measure() -> KernelCheck {
        var name = utsname()
        uname(&name)
        return KernelCheck(
            release: withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
}
