//! The library that the JVM loads: handles, buffers, error codes, completions. No decisions are made here; every native of
//! `io.fluss.jni.Native` is a thin call of `fluss-client`. The contract is `native/docs/jni.md`.
//!
//! - [`guard`]: one door for all natives: panics and errors become Java exceptions
//! - [`handle`]: the generational registry behind every `long` handle
//! - [`object`]: what the handles stand for, one registry a type
//! - [`input`]: Java's buffers to Arrow record batches, checked and copied
//! - [`output`]: batches to direct buffers and descriptors; the count of bytes handed out
//! - [`completion`]: asynchronous calls of a connection
//! - [`natives`]: the natives; [`register`]: their table and `fluss_jni_register`
#![deny(missing_docs)]

#[cfg(panic = "abort")]
compile_error!("a panic must become a Java exception: build with panic = \"unwind\"");
#[cfg(not(target_endian = "little"))]
compile_error!("buffers cross the boundary as little-endian memory");
#[cfg(not(target_pointer_width = "64"))]
compile_error!("descriptors and lengths assume 64-bit addresses");

pub mod completion;
pub mod guard;
pub mod handle;
pub mod input;
mod natives;
mod object;
pub mod output;
mod register;
mod request;

pub use register::{ABI_VERSION, fluss_jni_register, signatures};
