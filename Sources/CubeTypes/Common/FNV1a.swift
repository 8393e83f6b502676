/// The hash FNV-1a with 64 bits, by Fowler, Noll and Vo: small, the same in every process and version, and of no use against an
/// attacker. `cube-supervisor`, which links nothing but libc, has its own copy.
package enum FNV1a {
    package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
