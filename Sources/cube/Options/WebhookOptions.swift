import ArgumentParser
import SystemPackage

/// Who may tell that there is something new.
struct WebhookOptions: ParsableArguments {
    @Option(
        name: .customLong("webhook-secret-file"),
        help: ArgumentHelp(
            "A file with the secret of POST /webhook, which makes the reconciler look at once. Without it there is none.",
            valueName: "file"), completion: .file())
    var file: String?

    var secretFile: FilePath? { file.map(FilePath.absolute) }
}
