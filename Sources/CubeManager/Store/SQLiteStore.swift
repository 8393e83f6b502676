package import SystemPackage

/// The embedded store: one SQLite file.
package final class SQLiteStore: Store {
    /// Opens or makes `cube.sqlite` in the manager's directory, which the caller has made and locked.
    package static func open(directory: FilePath) throws -> SQLiteStore {
        SQLiteStore()
    }
}
