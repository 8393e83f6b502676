/// Keys of Compose, Kubernetes, Nomad and systemd, with the advice that an error for such an unknown key gives.
///
/// A key that differs from a key of Cube only in case, in `_` and `-`, or in a few letters needs no row, because the error
/// suggests the nearest key anyway.
enum ForeignKeys {
    static let manifest: [String: String] = rows([
        "use \"env\"": ["environment", "environment_variables", "vars", "variables"],
        "use \"env_from\"": ["env_file", "environment_file", "dotenv"],
        "use \"health\", with a \"ready\" and a \"live\" check": [
            "healthcheck", "checks", "check", "probe",
        ],
        "use \"health.ready\"": ["readiness", "readiness_probe", "startup_probe"],
        "use \"health.live\"": ["liveness", "liveness_probe"],
        "use \"restart\", an object such as {\"policy\": \"on_failure\"}": ["restart_policy"],
        "use \"command\", the program and its arguments": [
            "cmd", "args", "arguments", "exec", "exec_start", "run", "script", "program",
        ],
        "use \"name\"": ["container_name", "hostname", "id", "service_name", "job_name"],
        "put \"name\" and \"labels\" at the top level of the manifest": ["metadata"],
        "put the fields at the top level of the manifest": [
            "spec", "template", "containers", "services", "task", "group",
        ],
        "remove it; manifests have no version": ["api_version", "version"],
        "use \"replicas\"": ["count", "scale", "instances", "desired_count"],
        "use \"replicas\", \"update\", \"restart\" and \"constraints\"": ["deploy"],
        "put \"cpu\", \"memory\" and \"disk\" at the top level of the manifest": ["resources", "requests"],
        "use \"memory\" to reserve memory, or \"limits.memory\" to limit it": [
            "mem", "mem_limit", "mem_reservation", "memory_mb", "memory_max",
        ],
        "use \"cpu\" to reserve cores, or \"limits.cpu\" to limit them": ["cpus", "cpu_shares", "cpu_quota"],
        "use \"limits.pids\"": ["pids_limit", "tasks_max"],
        "use \"limits.open_files\"": ["ulimits", "limit_nofile"],
        "use \"network\", an object such as {\"join\": [\"internal\"]}": ["networks", "network_mode", "host_network"],
        "use \"security.capabilities\"": ["cap_add", "capabilities"],
        "use \"security.devices\"": ["devices"],
        "use \"security.read_only_root\"": ["read_only", "readonly_rootfs", "read_only_root_filesystem"],
        "use \"security\"": ["security_opt", "security_context"],
        "name what the task needs in \"security\"; no task is privileged": ["privileged"],
        "use \"ports\", objects such as {\"name\": \"http\"}": [
            "port", "expose", "publish", "network_ports",
        ],
        "use \"volumes\", objects such as {\"scratch\": \"64MiB\", \"target\": \"/tmp\"}": [
            "mounts", "volume_mounts", "storage",
        ],
        "use \"secret:NAME\" in \"files\" or \"env_from\"": ["secrets", "secret"],
        "use \"files\"": ["configs", "config", "config_files", "templates"],
        "use \"stop.signal\"": ["stop_signal", "kill_signal"],
        "use \"stop.grace\"": [
            "stop_grace_period", "termination_grace_period_seconds", "kill_timeout", "timeout_stop_sec",
        ],
        "use \"kind\": \"service\" or \"job\"": ["type"],
        "use \"constraints\"": ["node_selector", "affinity", "placement", "node_name", "tolerations"],
        "use \"labels\"": ["tags", "annotations", "meta"],
        "use \"working_dir\"": ["workdir", "cwd", "dir", "directory", "working_directory"],
        "use \"user\"": ["run_as", "run_as_user", "uid", "username"],
        "use \"depends_on\"": ["depends", "requires", "needs", "after", "dependencies", "wants"],
        "use \"update\"": [
            "strategy", "rolling_update", "update_config", "update_strategy", "deployment",
        ],
        "Cube does not schedule jobs by time; retry the job from an external timer": ["schedule", "cron", "periodic"],
        "use \"suspend\"": ["paused", "pause", "disabled", "enabled"],
    ])

    static let update: [String: String] = rows([
        "use \"max_unavailable\"": ["parallelism", "max_parallel"],
        "use \"min_healthy\"": ["min_ready_seconds", "min_healthy_time", "monitor", "delay"],
        "use \"deadline\"": [
            "progress_deadline_seconds", "healthy_deadline", "progress_deadline", "timeout",
        ],
        "use \"on_failure\": \"stall\" or \"revert\"": ["failure_action", "auto_revert", "rollback"],
        "use \"max_surge\"; above 0, it starts a task before its predecessor stops": ["order", "type"],
    ])

    static let restart: [String: String] = rows([
        "use \"policy\"": ["condition", "name", "mode"],
        "use \"max\"": ["attempts", "max_attempts", "maximum_retry_count", "retries", "limit"],
        "use \"backoff\"": ["delay", "restart_sec", "interval_sec"],
        "use \"within\"": ["window", "interval", "start_limit_interval_sec"],
    ])

    static let stop: [String: String] = rows([
        "use \"grace\"": ["timeout", "grace_period", "stop_grace_period", "kill_timeout"],
        "use \"signal\"": ["kill_signal", "stop_signal"],
    ])

    static let health: [String: String] = rows([
        "put the check in \"ready\" or \"live\"": [
            "test", "http", "tcp", "command", "exec", "http_get", "interval", "timeout", "retries", "path", "port",
        ],
        "use \"ready\"": ["readiness", "readiness_probe", "startup", "startup_probe"],
        "use \"live\"": ["liveness", "liveness_probe"],
    ])

    static let healthCheck: [String: String] = rows([
        "use \"command\"": ["test", "exec", "cmd", "script"],
        "use \"http\"": ["http_get", "url", "path"],
        "use \"tcp\"": ["tcp_socket"],
        "use \"start_period\"": ["initial_delay_seconds", "grace_period", "start_interval"],
        "use \"interval\"": ["period_seconds", "period", "every"],
        "use \"timeout\"": ["timeout_seconds"],
        "use \"retries\"": ["failure_threshold", "unhealthy_threshold", "failures_before_critical"],
        "put the port in \"http\" or \"tcp\"": ["port", "type"],
    ])

    static let http: [String: String] = rows([
        "use \"host\", \"port\" and \"path\"": ["url"],
        "use \"path\"": ["uri"], "use \"host\"": ["address", "hostname", "ip"],
        "use \"headers\"": ["http_headers", "header"],
        "use \"status\"": [
            "status_code", "status_codes", "code", "codes", "expected_status", "expected_statuses", "success_codes",
        ],
        "use \"verify\", which means the opposite; the default is false": [
            "tls_skip_verify", "insecure_skip_verify", "insecure",
        ],
        "use \"scheme\"": ["protocol", "type", "tls"],
        "remove it; a check is always a GET request without a body": ["method", "body"],
    ])

    static let port: [String: String] = rows([
        "use \"container\"": ["container_port", "target_port", "target", "to"],
        "use \"host\"": ["host_port", "published", "static", "node_port", "port"],
    ])

    static let volume: [String: String] = rows([
        "use \"source\"": ["host", "host_path", "src", "path", "bind"],
        "use \"target\"": ["destination", "dst", "container", "mount_path", "container_path"],
        "use \"scratch\", a size such as \"64MiB\"": ["tmpfs", "empty_dir", "size"],
        "use \"name\"": ["volume", "claim_name"],
        "use \"read_only\"": ["ro", "mode", "writable"],
        "remove it; \"source\", \"name\" or \"scratch\" says what is mounted": ["type"],
    ])

    private static func rows(_ rows: [String: [String]]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: rows.flatMap { advice, keys in keys.map { ($0, advice) } })
    }
}
