/// Hints for commands that users know from other tools.
enum VerbHint {
    /// - Parameter words: The arguments after `cube`. Only the first two are used.
    static func hint(for words: [String]) -> String? {
        if let pair = hints[words.prefix(2).joined(separator: " ")] { return pair }
        return words.first.flatMap { hints[$0] }
    }

    /// The hints, by command or by command and subcommand.
    static let hints: [String: String] = {
        var hints: [String: String] = [:]
        for (verbs, hint) in table { for verb in verbs { hints[verb] = hint } }
        return hints
    }()

    private static let table: [([String], String)] = [
        (
            ["ps", "ls", "list", "get", "pods", "services", "workloads"],
            "`cube status` lists the workloads, `cube task list` their tasks"
        ),
        (
            ["describe", "inspect", "show"],
            "`cube explain NAME` shows everything about a workload, `cube task show NAME/0` about a task"
        ),
        (
            ["stats"],
            "`cube top` shows what tasks and nodes use; `cube node list` shows the reserved resources of each node"
        ),
        (
            ["rm", "delete", "del", "remove", "destroy", "uninstall"],
            "delete the manifest: `cube up` then stops its tasks; `cube down` stops all tasks of the owner"
        ),
        (
            ["stop", "kill"],
            "`cube down` stops all tasks of the owner; \"replicas\": 0 in its manifest stops one workload; `cube task stop NAME/0` stops one task, which is then replaced if it has a manifest"
        ),
        (
            ["start", "create", "deploy", "add"],
            "`cube up` starts what the manifests declare; `cube init NAME` writes a manifest"
        ),
        (
            ["run"],
            "`cube up` runs what the manifests declare; `cube task run --name NAME -- COMMAND` runs a command without a manifest"
        ),
        (["scale"], "set `replicas` in its manifest; `cube up` applies the change"),
        (
            ["edit", "set", "patch", "update", "replace"],
            "edit the manifest; `cube up` applies the change, and `cube diff` shows its effect"
        ),
        (
            ["compose", "convert", "migrate", "kompose"],
            "`cube import compose` writes manifests for the services of a Compose file"
        ),
        (
            ["attach", "ssh", "shell", "enter", "debug", "task exec"],
            "`cube exec NAME -it -- sh` opens a shell beside the program of a task; `cube logs NAME` shows its output"
        ),
        (
            ["rollback", "undo", "revert"],
            "restore the earlier manifest, for example with `git revert`; \"update\": {\"on_failure\": \"revert\"} rolls back automatically when a rollout fails"
        ),
        (
            ["rollout"],
            "`cube status --wait NAME` waits for a rollout, `cube restart NAME` starts one, `cube history NAME` shows past actions"
        ),
        (
            ["cordon", "drain", "evict", "node evict"],
            "`cube node drain NODE` moves the tasks of a node to other nodes; `cube node cordon NODE` only stops assigning new ones"
        ),
        (
            ["uncordon", "node undrain", "node resume"],
            "`cube node uncordon NODE` assigns new tasks to a node again, and ends its drain"
        ),
        (["nodes"], "`cube node list` lists the nodes"),
        (["tasks", "jobs"], "`cube task list` lists the tasks"),
        (["owners"], "`cube owner list` lists the owners"),
        (["log", "tail"], "`cube logs NAME` shows the output of its tasks; with --follow, also new output"),
        (["watch status"], "`cube status --watch` shows the status and its changes"),
        (["watch events"], "`cube events --follow` shows new events"),
        (
            ["wait"],
            "`cube status --wait` waits until everything is healthy, `cube apply` until the manifests are applied"
        ),
        (["health", "info"], "`cube status` shows the status of the workloads; `cube doctor` checks this machine"),
        (["check", "lint", "verify", "test"], "`cube validate` checks manifests; `cube doctor` checks this machine"),
        (["pause", "freeze", "hold"], "`cube suspend NAME` freezes a workload"),
        (["unpause", "unsuspend", "continue", "unfreeze"], "`cube resume NAME` ends a freeze"),
        (
            ["reload", "refresh", "sync", "reconcile-now"],
            "`cube up` detects changed manifests automatically; `cube apply` waits until they are applied"
        ),
        (["rerun", "trigger"], "`cube retry NAME` runs a job again"),
        (["task rm", "task delete", "task kill", "task remove"], "`cube task stop NAME/0` stops a task"),
        (
            ["task ps", "task ls", "task get", "task describe"],
            "`cube task list` lists the tasks, `cube task show NAME/0` shows one"
        ),
        (
            ["node ls", "node get", "node describe"],
            "`cube node list` lists the nodes, `cube node show NODE` shows one"
        ),
        (["node rm", "node delete", "node remove"], "`cube node forget NODE` removes a node that will not come back"),
    ]
}
