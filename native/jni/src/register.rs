//! The table of natives, and the function that the loader shim calls for every class loader.
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jni::errors::Result;
use jni::strings::JNIStr;
use jni::sys::{JNI_ERR, JNI_VERSION_1_8, JavaVM as RawVm, jint};
use jni::{Env, JavaVM, NativeMethod, jni_str};

use crate::guard::install_panic_hook;
use crate::natives::{connection, log, lookup, memory, snapshot, write};

/// What `Native.abiVersion` says; `NativeLibrary.ABI_VERSION` on the Java side must be the same.
pub const ABI_VERSION: jint = 7;

struct Native {
    name: &'static JNIStr,
    descriptor: &'static JNIStr,
    function: *mut c_void,
}

macro_rules! natives {
    ($($name:literal $descriptor:literal $function:path;)*) => {
        [$(Native { name: jni_str!($name), descriptor: jni_str!($descriptor), function: $function as *mut c_void }),*]
    };
}

/// Every native of `io.fluss.jni.Native`. A change here changes `signatures.txt` and `ABI_VERSION`.
#[rustfmt::skip]
fn table() -> [Native; 36] {
    natives! {
        "abiVersion" "()I" connection::abi_version;
        "open" "([B)J" connection::open;
        "close" "(J)V" connection::close;
        "admin" "(J[B)[B" connection::admin;
        "openTable" "(J[B)J" connection::open_table;
        "closeTable" "(J)V" connection::close_table;
        "openWriter" "(J[B)J" write::open_writer;
        "write" "(J[Ljava/nio/ByteBuffer;I)V" write::write;
        "flush" "(J)V" write::flush;
        "prepare" "(J)[B" write::prepare;
        "abort" "(J)V" write::abort;
        "closeWriter" "(J)V" write::close_writer;
        "openLogScanner" "(J[B)J" log::open_log_scanner;
        "subscribe" "(JIIJJ)V" log::subscribe;
        "unsubscribe" "(JII)V" log::unsubscribe;
        "logPosition" "(JII)J" log::log_position;
        "pollLog" "(JJ[J)Ljava/nio/ByteBuffer;" log::poll_log;
        "wakeUp" "(J)V" log::wake_up;
        "closeLogScanner" "(J)V" log::close_log_scanner;
        "openSnapshotScanner" "(J[B)J" snapshot::open_snapshot_scanner;
        "pollSnapshot" "(J[J)Ljava/nio/ByteBuffer;" snapshot::poll_snapshot;
        "snapshotPosition" "(J)[B" snapshot::snapshot_position;
        "closeSnapshotScanner" "(J)V" snapshot::close_snapshot_scanner;
        "openLookuper" "(J[B)J" lookup::open_lookuper;
        "lookup" "(J[Ljava/nio/ByteBuffer;I[J)Ljava/nio/ByteBuffer;" lookup::lookup;
        "lookupAsync" "(JJ[Ljava/nio/ByteBuffer;I)V" lookup::lookup_async;
        "copyState" "(J[J)V" lookup::copy_state;
        "openProbe" "(JLjava/nio/ByteBuffer;)J" lookup::open_probe;
        "probe" "(JIZ)I" lookup::probe;
        "closeProbe" "(J)V" lookup::close_probe;
        "closeLookuper" "(J)V" lookup::close_lookuper;
        "awaitCompletions" "(J[J[J)I" lookup::await_completions;
        "takeResult" "(J[J)Ljava/nio/ByteBuffer;" lookup::take_result;
        "releaseBatch" "(J)V" memory::release_batch;
        "batchBytes" "()J" memory::batch_bytes;
        "metrics" "(J)[B" memory::metrics;
    }
}

/// `method descriptor` of every native, sorted: the content of `signatures.txt`.
pub fn signatures() -> Vec<String> {
    let mut lines: Vec<String> = table().iter().map(|n| format!("{} {}", n.name, n.descriptor)).collect();
    lines.sort();
    lines
}

/// Registers the natives of the `io.fluss.jni.Native` that the calling class loader sees. Called by the loader shim in its
/// `JNI_OnLoad`; returns the JNI version needed, or `JNI_ERR` with a Java exception pending.
///
/// # Safety
///
/// `vm` is the JVM of this process, and the calling thread is in `JNI_OnLoad`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fluss_jni_register(vm: *mut RawVm) -> jint {
    let registered = catch_unwind(AssertUnwindSafe(|| {
        install_panic_hook();
        give_large_memory_back();
        // SAFETY: the caller's promise.
        let vm = unsafe { JavaVM::from_raw(vm) };
        vm.with_local_frame(16, register_or_throw)
    }));
    match registered {
        Ok(Ok(())) => JNI_VERSION_1_8,
        _ => JNI_ERR,
    }
}

/// Tells the C library to give every large piece of memory back to the system as it is freed. By itself it comes to keep pieces of up to
/// 32 MiB for each of many threads: `native/README.md`, "Memory". The end of a heap may stay, 2 MiB, which else went and came with every batch. Another allocator in its place has its own way and ignores this.
fn give_large_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it only sets numbers.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 << 10);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 << 20);
        libc::mallopt(libc::M_TOP_PAD, 256 << 10);
    }
}

fn register_or_throw(env: &mut Env<'_>) -> Result<()> {
    let outcome = register(env);
    if let Err(error) = &outcome
        && !env.exception_check()
    {
        let message =
            format!("the native library does not fit io.fluss.jni.Native: {error}. Two versions of the connector are mixed");
        // The exception is what is wanted: an error here leaves JNI_ERR to speak for itself.
        let _ = env.throw_new(jni_str!("java/lang/UnsatisfiedLinkError"), jni::strings::JNIString::from(message));
    }
    outcome
}

fn register(env: &mut Env<'_>) -> Result<()> {
    let class = env.find_class(jni_str!("io/fluss/jni/Native"))?;
    let table = table();
    // SAFETY: each function has the parameters and the result of its descriptor after the environment and the class;
    // all are static natives. `signatures.txt` keeps both languages to the same list.
    let methods = table.each_ref().map(|n| unsafe { NativeMethod::from_raw_parts(n.name, n.descriptor, n.function) });
    // SAFETY: as above.
    unsafe { env.register_native_methods(&class, &methods) }
}
