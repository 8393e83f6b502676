import ArgumentParser

struct VerbosityOption: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Also log what is of use only when something is to be found out.")
    var verbose = false
}
