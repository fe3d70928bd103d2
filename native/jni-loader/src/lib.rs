//! The library that the JVM binds to one class loader. A copy of it under a unique name is loaded for every class loader;
//! each opens the one engine library of the process beside it (`libfluss_jni.so`) and lets it register the natives of
//! that class loader's `io.fluss.jni.Native`. See "Loading" in `native/docs/jni.md`.
#![deny(missing_docs)]

#[cfg(panic = "abort")]
compile_error!("a panic must become JNI_ERR: build with panic = \"unwind\"");

use std::ffi::{CStr, CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::panic::catch_unwind;
use std::path::Path;
use std::ptr::null_mut;

use jni_sys::{JNI_ERR, JNI_OK, JNI_VERSION_1_8, JNIEnv, JavaVM, jint};

const ENGINE: &str = "libfluss_jni.so";
const REGISTER: &CStr = c"fluss_jni_register";

type Register = unsafe extern "C" fn(*mut JavaVM) -> jint;

/// Called by the JVM when a class loader loads the library. Returns the JNI version needed, or `JNI_ERR` with an
/// `UnsatisfiedLinkError` pending that says why.
///
/// # Safety
///
/// Only the JVM may call it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnLoad(vm: *mut JavaVM, _reserved: *mut c_void) -> jint {
    match catch_unwind(engine_register) {
        // SAFETY: the function is the engine's and takes the VM that the JVM gave us. It leaves an exception if it fails.
        Ok(Ok(register)) => unsafe { register(vm) },
        Ok(Err(message)) => fail(vm, &message),
        Err(_) => fail(vm, "panic while the engine library was being opened; see the standard error output"),
    }
}

fn engine_register() -> Result<Register, String> {
    let path = own_directory()?.join(ENGINE);
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|_| format!("{}: NUL in a path", path.display()))?;
    // The same path gives the same engine to every class loader. NODELETE: its threads must find their code.
    // SAFETY: the name ends with NUL; the constructors of the library are those of Rust and C++ run-time libraries.
    let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL | libc::RTLD_NODELETE) };
    if library.is_null() {
        return Err(format!("cannot open {}: {}. It must lie beside the loader library", path.display(), last_error()));
    }
    // SAFETY: an open library and a name that ends with NUL.
    let symbol = unsafe { libc::dlsym(library, REGISTER.as_ptr()) };
    if symbol.is_null() {
        return Err(format!("{} is not the engine of this connector: {}", path.display(), last_error()));
    }
    // SAFETY: the engine defines the symbol with this signature.
    Ok(unsafe { std::mem::transmute::<*mut c_void, Register>(symbol) })
}

/// Where this copy of the shim was loaded from.
fn own_directory() -> Result<std::path::PathBuf, String> {
    let mut info = libc::Dl_info { dli_fname: null_mut(), dli_fbase: null_mut(), dli_sname: null_mut(), dli_saddr: null_mut() };
    // SAFETY: the address is that of a function of this library, the structure is ours.
    let found = unsafe { libc::dladdr(JNI_OnLoad as *const c_void, &raw mut info) };
    if found == 0 || info.dli_fname.is_null() {
        return Err("the dynamic linker does not know where this library was loaded from".into());
    }
    // SAFETY: the linker's name of the file ends with NUL and lives as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    let path = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
    path.parent().map(Path::to_path_buf).ok_or_else(|| format!("{}: no directory in the path", path.display()))
}

fn last_error() -> String {
    // SAFETY: the text, if there is one, belongs to the linker until the next call on this thread.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "no reason given".into();
    }
    // SAFETY: it ends with NUL.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// Throws an `UnsatisfiedLinkError`.
fn fail(vm: *mut JavaVM, message: &str) -> jint {
    let text = CString::new(format!("fluss native library: {message}").replace('\0', "")).unwrap_or_default();
    let mut env: *mut c_void = null_mut();
    // SAFETY: the JVM's own pointer, on a thread that is attached since it is loading us.
    unsafe {
        if ((**vm).v1_2.GetEnv)(vm, &raw mut env, JNI_VERSION_1_8) == JNI_OK {
            let env = env.cast::<JNIEnv>();
            let class = ((**env).v1_1.FindClass)(env, c"java/lang/UnsatisfiedLinkError".as_ptr());
            if !class.is_null() {
                ((**env).v1_1.ThrowNew)(env, class, text.as_ptr());
            }
        }
    }
    JNI_ERR
}
