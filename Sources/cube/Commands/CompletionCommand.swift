import ArgumentParser
import CubeText

struct CompletionCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a shell completion script.",
        discussion: .flowing(
            """
            For bash, add to ~/.bashrc:
              source <(cube completion bash)

            For zsh, write it to a directory in $fpath:
              cube completion zsh > ~/.zfunc/_cube

            For fish:
              cube completion fish > ~/.config/fish/completions/cube.fish
            """))

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() async throws {
        let shell: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Terminal.output(verbatim: CubeCommand.completionScript(for: shell))
    }
}
