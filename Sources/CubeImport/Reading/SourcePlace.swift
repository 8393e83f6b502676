/// A file that is imported, or a container that is described by an engine.
package struct SourceFile: Hashable, Sendable {
    /// The name for messages, such as `compose.yaml`.
    package var name: String
    /// The absolute path of the directory that relative paths in the file start from.
    package var directory: String

    package init(name: String, directory: String) {
        self.name = name
        self.directory = directory
    }
}

/// A position in a file. Lines and columns count from 1; line 0 stands for the file as a whole.
package struct SourcePlace: Hashable, Sendable {
    package var file: SourceFile
    package var line: Int
    package var column: Int

    package init(_ file: SourceFile, line: Int = 0, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }
}
