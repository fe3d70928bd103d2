//! The natives of `io.fluss.jni.Native`, in its order; each is documented there.
pub mod connection;
pub mod log;
pub mod lookup;
pub mod memory;
pub mod snapshot;
pub mod write;

use jni::objects::{JByteBuffer, JObjectArray};

/// `ByteBuffer[]`.
type JBuffers<'local> = JObjectArray<'local, JByteBuffer<'local>>;
