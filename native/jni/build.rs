//! Link arguments of the library: nothing but `fluss_jni_register` is visible, and it is never unloaded.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Flink may carry its own RocksDB: no symbol of ours may stand in for one of its, nor the other way round.
    println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-Bsymbolic");
    // Threads and thread-local destructors of the engine outlive every class loader.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // A missing symbol must show at link time, not in a user's JVM.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,defs");
}
