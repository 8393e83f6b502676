import ArgumentParser
import SystemPackage

/// The secret of the webhook that triggers a reconciliation.
struct WebhookOptions: ParsableArguments {
    @Option(
        name: .customLong("webhook-secret-file"),
        help: ArgumentHelp(
            "File that contains the secret of POST /webhook, which triggers a reconciliation. Without this option, the endpoint is disabled.",
            valueName: "file"), completion: .file())
    var file: String?

    var secretFile: FilePath? { file.map(FilePath.absolute) }
}
