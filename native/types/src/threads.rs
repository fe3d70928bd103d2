//! Work on parts of a batch side by side.
use std::thread;

use crate::{Error, Result};

/// Does the work of every part, each in a thread of its own but the last, which is the caller's; the caller does it all where no thread is to be
/// had. The results are in the order of the parts.
pub fn in_threads<P: Copy + Send, T: Send>(parts: &[P], work: impl Fn(P) -> Result<T> + Sync) -> Result<Vec<T>> {
    let Some((last, others)) = parts.split_last() else { return Ok(Vec::new()) };
    let work = &work;
    let done: Vec<Result<T>> = thread::scope(|scope| {
        let spawn = |&part| (part, thread::Builder::new().spawn_scoped(scope, move || work(part)));
        let others: Vec<_> = others.iter().map(spawn).collect();
        let last = work(*last);
        let join = |(part, thread): (P, std::io::Result<thread::ScopedJoinHandle<'_, Result<T>>>)| match thread {
            Ok(thread) => {
                thread.join().unwrap_or_else(|_| Err(Error::internal("a thread that worked on a part of a batch panicked")))
            }
            Err(_) => work(part),
        };
        others.into_iter().map(join).chain([last]).collect()
    });
    done.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_parts_and_an_error_or_a_panic_is_the_result() {
        assert_eq!(in_threads(&[3, 1, 2], |n| Ok(n * 10)).unwrap(), [30, 10, 20]);
        assert!(in_threads(&[], |n: i32| Ok(n)).unwrap().is_empty());
        assert_eq!(
            in_threads(&[1, 2, 3], |n| if n == 2 { Err(Error::invalid("two")) } else { Ok(n) }).unwrap_err().message(),
            "two"
        );
        let e = in_threads(&[1, 2], |n| if n == 1 { panic!("one") } else { Ok(n) }).unwrap_err();
        assert!(e.message().contains("panicked"), "{e}");
    }
}
