/// Keys that other systems have, and what Cube has in their place: the advice that an unknown key comes with.
///
/// They come from Compose, Kubernetes, Nomad and systemd. A key that differs from one of ours by its case or by `_` and `-`
/// alone, or by a few letters, needs no row: the nearest key is suggested anyway.
enum ForeignKeys {
    static let manifest: [String: String] = rows([
        "\"env\" has that meaning": ["environment", "environment_variables", "vars", "variables"],
        "\"env_from\" has that meaning": ["env_file", "environment_file", "dotenv"],
        "\"health\" has that meaning, with a \"ready\" and a \"live\" check": [
            "healthcheck", "checks", "check", "probe",
        ],
        "\"health.ready\" has that meaning": ["readiness", "readiness_probe", "startup_probe"],
        "\"health.live\" has that meaning": ["liveness", "liveness_probe"],
        "\"restart\" has that meaning, as an object such as {\"policy\": \"on_failure\"}": ["restart_policy"],
        "\"command\" takes the program and its arguments": [
            "cmd", "args", "arguments", "exec", "exec_start", "run", "script", "program",
        ],
        "\"name\" has that meaning": ["container_name", "hostname", "id", "service_name", "job_name"],
        "\"name\" and \"labels\" stand in the manifest itself": ["metadata"],
        "the fields stand in the manifest itself": ["spec", "template", "containers", "services", "task", "group"],
        "a manifest of Cube has no version of its own": ["api_version", "version"],
        "\"replicas\" has that meaning": ["count", "scale", "instances", "desired_count"],
        "\"replicas\", \"update\", \"restart\" and \"constraints\" say what it says": ["deploy"],
        "\"cpu\", \"memory\" and \"disk\" stand in the manifest itself": ["resources", "requests"],
        "\"memory\" has that meaning": ["mem", "mem_limit", "mem_reservation", "memory_mb"],
        "\"cpu\" has that meaning": ["cpus", "cpu_shares"],
        "\"ports\" has that meaning, as objects such as {\"name\": \"http\"}": [
            "port", "expose", "publish", "network_ports",
        ],
        "\"volumes\" has that meaning, which this version does not carry out": ["mounts", "volume_mounts", "storage"],
        "\"files\" and \"env_from\" take \"secret:NAME\"": ["secrets", "secret"],
        "\"files\" has that meaning": ["configs", "config", "config_files", "templates"],
        "\"stop.signal\" has that meaning": ["stop_signal", "kill_signal"],
        "\"stop.grace\" has that meaning": [
            "stop_grace_period", "termination_grace_period_seconds", "kill_timeout", "timeout_stop_sec",
        ],
        "\"kind\" has that meaning: \"service\" or \"job\"": ["type"],
        "\"constraints\" has that meaning": ["node_selector", "affinity", "placement", "node_name", "tolerations"],
        "\"labels\" has that meaning": ["tags", "annotations", "meta"],
        "\"working_dir\" has that meaning": ["workdir", "cwd", "dir", "directory", "working_directory"],
        "\"user\" has that meaning": ["run_as", "run_as_user", "uid", "username"],
        "\"depends_on\" has that meaning": ["depends", "requires", "needs", "after", "dependencies", "wants"],
        "\"update\" has that meaning": [
            "strategy", "rolling_update", "update_config", "update_strategy", "deployment",
        ],
        "Cube starts no job by the clock; run `cube retry NAME` from a timer": ["schedule", "cron", "periodic"],
        "\"suspend\" has that meaning": ["paused", "pause", "disabled", "enabled"],
    ])

    static let update: [String: String] = rows([
        "\"max_unavailable\" has that meaning": ["parallelism", "max_parallel"],
        "\"min_healthy\" has that meaning": ["min_ready_seconds", "min_healthy_time", "monitor", "delay"],
        "\"deadline\" has that meaning": [
            "progress_deadline_seconds", "healthy_deadline", "progress_deadline", "timeout",
        ],
        "\"on_failure\" has that meaning: \"stall\" or \"revert\"": ["failure_action", "auto_revert", "rollback"],
        "\"max_surge\" above 0 starts a task before its predecessor is stopped": ["order", "type"],
    ])

    static let restart: [String: String] = rows([
        "\"policy\" has that meaning": ["condition", "name", "mode"],
        "\"max\" has that meaning": ["attempts", "max_attempts", "maximum_retry_count", "retries", "limit"],
        "\"backoff\" has that meaning": ["delay", "restart_sec", "interval_sec"],
        "\"within\" has that meaning": ["window", "interval", "start_limit_interval_sec"],
    ])

    static let stop: [String: String] = rows([
        "\"grace\" has that meaning": ["timeout", "grace_period", "stop_grace_period", "kill_timeout"],
        "\"signal\" has that meaning": ["kill_signal", "stop_signal"],
    ])

    static let health: [String: String] = rows([
        "a check stands in \"ready\" or \"live\"": [
            "test", "http", "tcp", "command", "exec", "http_get", "interval", "timeout", "retries", "path", "port",
        ],
        "\"ready\" has that meaning": ["readiness", "readiness_probe", "startup", "startup_probe"],
        "\"live\" has that meaning": ["liveness", "liveness_probe"],
    ])

    static let healthCheck: [String: String] = rows([
        "\"command\" has that meaning": ["test", "exec", "cmd", "script"],
        "\"http\" has that meaning": ["http_get", "url", "path"],
        "\"tcp\" has that meaning": ["tcp_socket"],
        "\"start_period\" has that meaning": ["initial_delay_seconds", "grace_period", "start_interval"],
        "\"interval\" has that meaning": ["period_seconds", "period", "every"],
        "\"timeout\" has that meaning": ["timeout_seconds"],
        "\"retries\" has that meaning": ["failure_threshold", "unhealthy_threshold", "failures_before_critical"],
        "\"http\" and \"tcp\" take the port": ["port", "type"],
    ])

    static let http: [String: String] = rows([
        "\"host\", \"port\" and \"path\" say what it says": ["url"],
        "\"path\" has that meaning": ["uri"], "\"host\" has that meaning": ["address", "hostname", "ip"],
        "\"headers\" has that meaning": ["http_headers", "header"],
        "\"status\" has that meaning": [
            "status_code", "status_codes", "code", "codes", "expected_status", "expected_statuses", "success_codes",
        ],
        "\"verify\" says the opposite, and is false where it is left out": [
            "tls_skip_verify", "insecure_skip_verify", "insecure",
        ],
        "\"scheme\" has that meaning": ["protocol", "type", "tls"],
        "a check is a GET request": ["method", "body"],
    ])

    static let port: [String: String] = rows([
        "\"container\" has that meaning": ["container_port", "target_port", "target", "to"],
        "\"host\" has that meaning": ["host_port", "published", "static", "node_port", "port"],
    ])

    private static func rows(_ rows: [String: [String]]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: rows.flatMap { advice, keys in keys.map { ($0, advice) } })
    }
}
