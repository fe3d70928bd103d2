//! The one door that every native goes through: a panic or an error becomes the Java exception that `toException` of the
//! calling `Native` class makes, and never unwinds into the JVM.
use std::any::Any;
use std::cell::RefCell;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Once;

use fluss_types::{Error, ErrorCode};
use jni::errors::ErrorPolicy;
use jni::objects::{JClass, JString, JThrowable, JValue};
use jni::{Env, EnvUnowned, jni_sig, jni_str};

/// Why a native failed.
#[derive(Debug)]
pub enum Failure {
    /// An error of the store, or a request that makes no sense.
    Store(Error),
    /// A call into the JVM failed; a Java exception may be pending.
    Jvm(jni::errors::Error),
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Self::Store(e)
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(e: jni::errors::Error) -> Self {
        Self::Jvm(e)
    }
}

/// Runs the body of a native. On failure an exception is pending and the value is 0 or null.
pub fn call<'local, T: Default>(
    mut env: EnvUnowned<'local>,
    class: &JClass<'local>,
    body: impl FnOnce(&mut Env<'local>) -> Result<T, Failure>,
) -> T {
    env.with_env(body).resolve_with::<Throw, _>(|| class)
}

struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    type Captures<'local: 'call, 'call> = &'call JClass<'local>;

    fn on_error<'local: 'call, 'call>(
        env: &mut Env<'local>,
        class: &mut &'call JClass<'local>,
        failure: Failure,
    ) -> jni::errors::Result<T> {
        // An exception that is pending already (out of memory, an exception of Java code) says more than we could.
        if !env.exception_check() {
            let error = match failure {
                Failure::Store(error) => error,
                Failure::Jvm(error) => Error::internal(format!("a call into the JVM failed: {error}")),
            };
            throw(env, class, &error)?;
        }
        Ok(T::default())
    }

    fn on_panic<'local: 'call, 'call>(
        env: &mut Env<'local>,
        class: &mut &'call JClass<'local>,
        payload: Box<dyn Any + Send>,
    ) -> jni::errors::Result<T> {
        // Code 901 matters more than what Java code may have thrown before the panic.
        env.exception_clear();
        throw(env, class, &panic_error(payload))?;
        Ok(T::default())
    }

    fn on_internal_jni_error<'local: 'call, 'call>(_: &mut &'call JClass<'local>, _: jni::errors::Error) -> T {
        // `toException` itself threw, or the heap is exhausted: that exception is pending and goes to the caller.
        T::default()
    }
}

fn throw<'local>(env: &mut Env<'local>, class: &JClass<'local>, error: &Error) -> jni::errors::Result<()> {
    let message = JString::from_str(env, error.to_string())?;
    let arguments = [JValue::Int(i32::from(error.code() as u16)), JValue::Bool(error.retryable()), JValue::Object(&message)];
    let signature = jni_sig!("(IZLjava/lang/String;)Ljava/lang/Throwable;");
    let exception = env.call_static_method(class, jni_str!("toException"), signature, &arguments)?.l()?;
    let exception = env.cast_local::<JThrowable>(exception)?;
    match env.throw(exception) {
        Err(jni::errors::Error::JavaException) => Ok(()),
        other => other,
    }
}

thread_local! {
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Remembers where a panic of this thread happened, for [`panic_error`]. The hook is that of this library's own copy of
/// the Rust runtime; other libraries in the process do not see it.
pub fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let place = info.location().map(ToString::to_string);
            PANIC_PLACE.with(|p| p.replace(place));
            previous(info);
        }));
    });
}

/// The error (code 901) of a caught panic of this thread.
pub fn panic_error(payload: Box<dyn Any + Send>) -> Error {
    let text = match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().map_or_else(|_| "panic without a message".into(), |t| t.to_string()),
    };
    let place = PANIC_PLACE.with(|p| p.take()).unwrap_or_else(|| "an unknown place".into());
    let advice = "This is a bug in the native library; what was acknowledged is safe. Close the connection, open it again, \
                  and report this message with the log";
    Error::new(ErrorCode::Panic, format!("panic at {place}: {text}. {advice}"))
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_panic_becomes_code_901_with_its_place_and_text() {
        install_panic_hook();
        let payload = catch_unwind(|| panic!("bucket {} is lost", 7)).unwrap_err();
        let error = panic_error(payload);
        assert_eq!(error.code(), ErrorCode::Panic);
        assert!(error.message().contains("guard.rs:"), "{error}");
        assert!(error.message().contains("bucket 7 is lost"), "{error}");
    }
}
