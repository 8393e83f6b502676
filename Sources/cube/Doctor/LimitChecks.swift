import Glibc

/// The limit of open files must be sufficient: the worker needs a few for each task.
struct OpenFilesCheck: Check {
    var limit: UInt64

    let title = "open files"
    var verdict: Verdict {
        if limit >= 4096 { return .good("up to \(limit)") }
        let hint = "raise the limit with `ulimit -n 65536`, or with LimitNOFILE= in the systemd unit"
        return limit >= 256
            ? .warning("only \(limit), which is enough for about \(limit / 8) tasks", hint: hint)
            : .bad("only \(limit), below 256", hint: hint)
    }

    static func measure() -> OpenFilesCheck { OpenFilesCheck(limit: ResourceLimit.soft(of: RLIMIT_NOFILE)) }
}

/// The limit of processes must be sufficient: each task has a supervisor and at least one process of its own.
struct ProcessesCheck: Check {
    var limit: UInt64

    let title = "processes"
    var verdict: Verdict {
        if limit >= 1024 { return .good(limit > 1_000_000 ? "practically unlimited" : "up to \(limit)") }
        let hint = "raise the limit with `ulimit -u 4096`, or with TasksMax= in the systemd unit"
        return limit >= 64
            ? .warning("only \(limit) for this user", hint: hint)
            : .bad("only \(limit) for this user, below 64", hint: hint)
    }

    static func measure() -> ProcessesCheck { ProcessesCheck(limit: ResourceLimit.soft(of: __RLIMIT_NPROC)) }
}

private enum ResourceLimit {
    static func soft(of resource: __rlimit_resource) -> UInt64 {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 ? UInt64(limit.rlim_cur) : .max
    }
}
