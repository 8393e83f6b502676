/// A key of a Compose service, and what the import does with it. The table has every key of the specification.
struct ServiceKey: Sendable {
    enum Handling: Sendable {
        /// A function translates the value, and notes all that it leaves out.
        case translated(@Sendable (inout ServiceTranslation, ComposeValue) -> Void)
        /// The value is left out, for the given reason.
        case omitted(String)
        /// A value other than false is left out, for the given reason.
        case omittedIfTrue(String)
        /// The value makes no difference to what runs, for the given reason.
        case withoutEffect(String)
        /// Another part of the import reads the value.
        case read
    }

    let name: String
    let handling: Handling

    static let byName = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0) })

    static let table = programKeys + networkKeys + storageKeys + resourceKeys + lifecycleKeys + otherKeys

    private static let programKeys: [ServiceKey] = [
        ServiceKey(name: "image", handling: .translated { $0.translateImage($1) }),
        ServiceKey(name: "build", handling: .translated { $0.translateBuild($1) }),
        ServiceKey(name: "pull_policy", handling: .translated { $0.translatePullPolicy($1) }),
        ServiceKey(name: "pull_refresh_after", handling: .omitted("Cube pulls an image when a container is created")),
        ServiceKey(
            name: "platform",
            handling: .omitted("Cube runs the platform of the node; use `constraints` to select nodes")),
        ServiceKey(name: "entrypoint", handling: .translated { $0.translateEntrypoint($1) }),
        ServiceKey(name: "command", handling: .translated { $0.translateCommand($1) }),
        ServiceKey(name: "environment", handling: .translated { $0.translateEnvironment($1) }),
        ServiceKey(name: "env_file", handling: .translated { $0.translateEnvironmentFiles($1) }),
        ServiceKey(name: "working_dir", handling: .translated { $0.translateWorkingDirectory($1) }),
        ServiceKey(name: "user", handling: .translated { $0.translateUser($1) }),
        ServiceKey(name: "group_add", handling: .omitted("Cube adds no groups; name the group in `user`")),
        ServiceKey(name: "init", handling: .omittedIfTrue("Cube adds no init process; use an image that contains one")),
        ServiceKey(name: "tty", handling: .omittedIfTrue("tasks have no terminal")),
        ServiceKey(name: "stdin_open", handling: .omittedIfTrue("the standard input of tasks is empty")),
        ServiceKey(name: "models", handling: .omitted("Cube runs no language models")),
        ServiceKey(name: "provider", handling: .omitted("Cube runs no providers of Compose")),
        ServiceKey(name: "post_start", handling: .omitted("Cube runs no hooks; let the program or a job do it")),
        ServiceKey(
            name: "pre_stop", handling: .omitted("Cube runs no hooks; let the program do it when it gets its signal")),
    ]

    private static let networkKeys: [ServiceKey] = [
        ServiceKey(name: "ports", handling: .translated { $0.translatePorts($1) }),
        ServiceKey(
            name: "expose",
            handling: .withoutEffect("containers of one network reach each other on all ports")),
        ServiceKey(name: "networks", handling: .translated { $0.translateNetworks($1) }),
        ServiceKey(name: "network_mode", handling: .translated { $0.translateNetworkMode($1) }),
        ServiceKey(name: "links", handling: .translated { $0.translateLinks($1) }),
        ServiceKey(name: "external_links", handling: .omitted("Cube connects only its own containers")),
        ServiceKey(name: "container_name", handling: .translated { $0.translateContainerName($1) }),
        ServiceKey(name: "hostname", handling: .omitted("the engine chooses the host name of a container")),
        ServiceKey(name: "domainname", handling: .omitted("the engine chooses the domain name of a container")),
        ServiceKey(name: "extra_hosts", handling: .omitted("Cube adds no host names; use a DNS server or addresses")),
        ServiceKey(name: "dns", handling: .omitted("containers use the name servers of the engine")),
        ServiceKey(name: "dns_opt", handling: .omitted("containers use the DNS options of the engine")),
        ServiceKey(name: "dns_search", handling: .omitted("containers use the search domains of the engine")),
        ServiceKey(name: "mac_address", handling: .omitted("the engine chooses the MAC address")),
        ServiceKey(name: "sysctls", handling: .omitted("Cube sets no kernel parameters")),
    ]

    private static let storageKeys: [ServiceKey] = [
        ServiceKey(name: "volumes", handling: .translated { $0.translateVolumes($1) }),
        ServiceKey(name: "volumes_from", handling: .omitted("declare the volumes in `volumes` of this workload, too")),
        ServiceKey(name: "tmpfs", handling: .translated { $0.translateTemporaryFileSystems($1) }),
        ServiceKey(name: "shm_size", handling: .translated { $0.translateSharedMemory($1) }),
        ServiceKey(name: "configs", handling: .translated { $0.translateConfigs($1) }),
        ServiceKey(name: "secrets", handling: .translated { $0.translateSecrets($1) }),
        ServiceKey(name: "storage_opt", handling: .omitted("Cube has no options for the storage of a container")),
        ServiceKey(name: "use_api_socket", handling: .omittedIfTrue("Cube gives no container the engine's socket")),
    ]

    private static let resourceKeys: [ServiceKey] = [
        ServiceKey(name: "mem_limit", handling: .translated { $0.translateMemoryLimit("mem_limit", $1) }),
        ServiceKey(
            name: "mem_reservation", handling: .translated { $0.translateMemoryReservation("mem_reservation", $1) }),
        ServiceKey(name: "mem_swappiness", handling: .omitted("Cube does not control swapping")),
        ServiceKey(name: "memswap_limit", handling: .omitted("Cube does not control swapping")),
        ServiceKey(name: "oom_kill_disable", handling: .omittedIfTrue("Cube does not control the OOM killer")),
        ServiceKey(name: "oom_score_adj", handling: .omitted("Cube does not control the OOM killer")),
        ServiceKey(name: "cpus", handling: .translated { $0.translateCPULimit("cpus", $1) }),
        ServiceKey(name: "cpu_quota", handling: .translated { $0.translateCPUQuota($1) }),
        ServiceKey(name: "cpu_period", handling: .translated { $0.translateCPUPeriod($1) }),
        ServiceKey(name: "cpu_count", handling: .omitted("only Windows has it; use `limits.cpu`")),
        ServiceKey(name: "cpu_percent", handling: .omitted("only Windows has it; use `limits.cpu`")),
        ServiceKey(name: "cpu_shares", handling: .omitted("Cube has no weights; use `cpu` and `limits.cpu`")),
        ServiceKey(name: "cpu_rt_period", handling: .omitted("Cube has no real-time scheduling")),
        ServiceKey(name: "cpu_rt_runtime", handling: .omitted("Cube has no real-time scheduling")),
        ServiceKey(name: "cpuset", handling: .omitted("Cube pins no tasks to cores; use `limits.cpu`")),
        ServiceKey(name: "pids_limit", handling: .translated { $0.translateProcessLimit("pids_limit", $1) }),
        ServiceKey(name: "ulimits", handling: .translated { $0.translateUlimits($1) }),
        ServiceKey(name: "blkio_config", handling: .omitted("Cube does not limit block I/O")),
        ServiceKey(name: "gpus", handling: .omitted("Cube assigns no GPUs; use `security.devices` and `constraints`")),
    ]

    private static let lifecycleKeys: [ServiceKey] = [
        ServiceKey(name: "healthcheck", handling: .translated { $0.translateHealthCheck($1) }),
        ServiceKey(name: "restart", handling: .translated { $0.translateRestart($1) }),
        ServiceKey(name: "stop_signal", handling: .translated { $0.translateStopSignal($1) }),
        ServiceKey(name: "stop_grace_period", handling: .translated { $0.translateGracePeriod($1) }),
        // After `restart` and the limits of the service itself, which it overrides.
        ServiceKey(name: "scale", handling: .translated { $0.translateReplicas("scale", $1) }),
        ServiceKey(name: "deploy", handling: .translated { $0.translateDeploy($1) }),
        ServiceKey(name: "depends_on", handling: .read),
        ServiceKey(name: "profiles", handling: .read),
        ServiceKey(name: "extends", handling: .read),
        ServiceKey(name: "attach", handling: .withoutEffect("`cube logs` shows the output of every task")),
        ServiceKey(name: "develop", handling: .withoutEffect("it concerns only `docker compose watch`")),
        ServiceKey(
            name: "logging",
            handling: .omitted("Cube keeps the output of tasks itself; `cube logs` shows it")),
    ]

    private static let otherKeys: [ServiceKey] = [
        ServiceKey(name: "labels", handling: .translated { $0.translateLabels($1) }),
        ServiceKey(name: "label_file", handling: .omitted("write the labels into `labels`")),
        ServiceKey(name: "annotations", handling: .omitted("Cube has no annotations; use `labels`")),
        ServiceKey(
            name: "privileged",
            handling: .omittedIfTrue("Cube runs no privileged containers; name what the program needs in `security`")),
        ServiceKey(name: "read_only", handling: .translated { $0.translateReadOnly($1) }),
        ServiceKey(name: "cap_add", handling: .translated { $0.translateCapabilities($1) }),
        ServiceKey(name: "cap_drop", handling: .omitted("Cube drops no capabilities; the engine's defaults apply")),
        ServiceKey(name: "devices", handling: .translated { $0.translateDevices($1) }),
        ServiceKey(name: "device_cgroup_rules", handling: .omitted("name the devices in `security.devices`")),
        ServiceKey(name: "security_opt", handling: .translated { $0.translateSecurityOptions($1) }),
        ServiceKey(name: "credential_spec", handling: .omitted("only Windows has it")),
        ServiceKey(name: "isolation", handling: .omitted("only Windows has it")),
        ServiceKey(name: "runtime", handling: .omitted("the engine of the node chooses its runtime")),
        ServiceKey(name: "cgroup", handling: .omitted("Cube shares no namespaces of the host")),
        ServiceKey(name: "cgroup_parent", handling: .omitted("the engine chooses the control group")),
        ServiceKey(name: "ipc", handling: .omitted("Cube shares no IPC namespaces")),
        ServiceKey(name: "pid", handling: .omitted("Cube shares no PID namespaces")),
        ServiceKey(name: "uts", handling: .omitted("Cube shares no UTS namespaces")),
        ServiceKey(name: "userns_mode", handling: .omitted("Cube shares no user namespaces")),
    ]
}
