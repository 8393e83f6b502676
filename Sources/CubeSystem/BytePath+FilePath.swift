package import CubeCore
package import SystemPackage

extension BytePath {
    package init(_ path: FilePath) {
        self.init(path.withPlatformString { UnsafeRawBufferPointer(start: $0, count: path.length).map { $0 } })
    }

    /// Calls `body` with the path as a null-terminated C string.
    package func withCString<Value>(_ body: (UnsafePointer<CChar>) -> Value) -> Value {
        (bytes + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
        }
    }
}

extension FilePath {
    package init(_ path: BytePath) { self = path.withCString { FilePath(platformString: $0) } }

    /// Appends a path that is relative to this directory.
    package func appending(_ path: BytePath) -> FilePath { pushing(FilePath(path)) }
}
