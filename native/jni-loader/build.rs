//! Link arguments of the shim.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,defs");
    // One copy is extracted for every class loader: it should be small.
    println!("cargo:rustc-cdylib-link-arg=-Wl,--strip-all");
}
