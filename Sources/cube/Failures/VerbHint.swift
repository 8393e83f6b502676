/// What to do here instead of a command that people know from elsewhere.
enum VerbHint {
    /// - Parameter words: what was typed after `cube`, without what follows the first two words.
    static func hint(for words: [String]) -> String? {
        if let pair = hints[words.prefix(2).joined(separator: " ")] { return pair }
        return words.first.flatMap { hints[$0] }
    }

    /// By command, or command and subcommand.
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
            "`cube explain NAME` tells all of a workload; `cube task show NAME/0` of a task"
        ),
        (
            ["top", "stats"],
            "`cube node list` shows what is reserved on each node; `cube status -o wide` shows where each task runs"
        ),
        (
            ["rm", "delete", "del", "remove", "destroy", "uninstall"],
            "delete the manifest: `cube up` then stops its tasks; `cube down` stops everything"
        ),
        (
            ["stop", "kill"],
            "`cube down` stops everything; \"replicas\": 0 in its manifest stops one workload; `cube task stop NAME/0` ends one task, which its manifest then replaces"
        ),
        (
            ["start", "create", "deploy", "add"],
            "`cube up` starts what the manifests declare; `cube init NAME` writes a manifest"
        ),
        (
            ["run"],
            "`cube up` runs what the manifests declare; `cube task run --name NAME -- COMMAND` runs a command without a manifest"
        ),
        (["scale"], "set `replicas` in its manifest; `cube up` notices the change by itself"),
        (
            ["edit", "set", "patch", "update", "replace"],
            "edit the manifest; `cube up` notices the change by itself, and `cube diff` shows what it brings"
        ),
        (["upgrade"], "edit the manifest to upgrade a workload; `cube version` tells the version of Cube"),
        (
            ["exec", "attach", "ssh", "shell", "enter", "debug"],
            "no command enters a task yet; `cube logs NAME` shows its output, `cube explain NAME` why it is as it is"
        ),
        (
            ["rollback", "undo", "revert"],
            "put the earlier manifest back, as with `git revert`; \"update\": {\"on_failure\": \"revert\"} does so when a rollout fails"
        ),
        (
            ["rollout"],
            "`cube status --wait NAME` waits for a rollout, `cube restart NAME` starts one, `cube history NAME` shows the past"
        ),
        (["cordon", "drain", "node cordon"], "`cube node drain NODE` gives a node no new tasks"),
        (["uncordon", "node uncordon", "node undrain"], "`cube node resume NODE` lets a node take tasks again"),
        (["nodes"], "`cube node list` lists the nodes"),
        (["tasks", "jobs"], "`cube task list` lists the tasks"),
        (["owners"], "`cube owner list` lists the owners"),
        (["log", "tail"], "`cube logs NAME` shows what its tasks wrote, `cube logs --follow NAME` what they write"),
        (["watch"], "`cube status --watch` shows how everything is, and what changes"),
        (["wait"], "`cube status --wait` waits until everything is healthy, `cube apply` until a change is done"),
        (["health", "info"], "`cube status` tells how everything is; `cube doctor` checks this machine"),
        (["check", "lint", "verify", "test"], "`cube validate` checks manifests, `cube doctor` this machine"),
        (["pause", "freeze", "hold"], "`cube suspend NAME` freezes a workload"),
        (["unpause", "unsuspend", "continue", "unfreeze"], "`cube resume NAME` ends a freeze"),
        (
            ["reload", "refresh", "sync", "reconcile-now"],
            "`cube up` notices changed manifests by itself; `cube apply` waits until they are carried out"
        ),
        (["rerun", "trigger"], "`cube retry NAME` runs a job again"),
        (["task rm", "task delete", "task kill", "task remove"], "`cube task stop NAME/0` ends a task"),
        (
            ["task ps", "task ls", "task get", "task describe"],
            "`cube task list` lists the tasks, `cube task show NAME/0` shows one"
        ),
        (
            ["node ls", "node get", "node describe"],
            "`cube node list` lists the nodes, `cube node show NODE` shows one"
        ),
        (["node rm", "node delete", "node remove"], "`cube node forget NODE` forgets a node that will not come back"),
    ]
}
