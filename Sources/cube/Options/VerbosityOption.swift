import ArgumentParser

struct VerbosityOption: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Also log debug messages.")
    var verbose = false
}
