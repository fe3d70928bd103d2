//! The floor: an Arrow IPC file written with arrow-ipc and read through a memory map.
use std::fs::File;
use std::io::Write;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::NonNull;

use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{DataType, Schema, SchemaRef};
use fluss_types::Compression;

use crate::Result;

/// A file that takes the checksum of all that is written to it, as the engine does of its buffers.
struct Checked {
    file: File,
    checksum: u32,
}

impl Write for Checked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.checksum = crc32c::crc32c_append(self.checksum, &bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes record batches to an Arrow IPC file.
pub(crate) struct ArrowFile {
    writer: FileWriter<Checked>,
}

impl ArrowFile {
    /// Makes the file; buffers lie on 64-byte boundaries.
    pub(crate) fn create(path: &Path, schema: &SchemaRef, compression: Compression) -> Result<Self> {
        let codec = match compression {
            Compression::None => None,
            Compression::Lz4Frame => Some(CompressionType::LZ4_FRAME),
            Compression::Zstd => Some(CompressionType::ZSTD),
        };
        let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5)?.try_with_compression(codec)?;
        let file = Checked { file: File::create(path)?, checksum: 0 };
        Ok(Self { writer: FileWriter::try_new_with_options(file, schema, options)? })
    }

    /// Appends a batch.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.writer.write(batch)?)
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&mut self) -> Result<()> {
        Ok(self.writer.get_ref().file.sync_data()?)
    }

    /// Writes the footer.
    pub(crate) fn finish(mut self) -> Result<()> {
        Ok(self.writer.finish()?)
    }
}

/// A file in memory, read only.
struct Map {
    address: NonNull<u8>,
    len: usize,
}

impl Map {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len() as usize;
        // SAFETY: a new private, read-only mapping of a file that nobody writes to any more; the kernel picks the address.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), len, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error().into());
        }
        let address = NonNull::new(address.cast()).ok_or("the map lies at address 0")?;
        Ok(Self { address, len })
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping has `len` readable bytes until it is dropped, and its file does not change.
        unsafe { std::slice::from_raw_parts(self.address.as_ptr(), self.len) }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no slice of it outlives it.
        unsafe { libc::munmap(self.address.as_ptr().cast(), self.len) };
    }
}

/// One buffer of a column of a batch.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    len: usize,
    checksum: u32,
}

/// A mapped Arrow IPC file: where the fixed-width columns' data buffers of each batch lie, with their checksums.
pub(crate) struct MappedArrowFile {
    map: Map,
    compression: Compression,
    /// By batch, then by column; `None`: a column without a fixed width.
    places: Vec<Vec<Option<Place>>>,
    zstd: zstd::bulk::Decompressor<'static>,
    out: Vec<u8>,
}

impl MappedArrowFile {
    /// Maps a file and notes its checksums.
    pub(crate) fn open(path: &Path, schema: &Schema, compression: Compression) -> Result<Self> {
        let map = Map::open(path)?;
        let end = map.len() - 10;
        let footer_len = arrow_ipc::reader::read_footer_length(map[end..].try_into()?)?;
        let footer = arrow_ipc::root_as_footer(&map[end - footer_len..end]).map_err(|e| e.to_string())?;
        let mut places = Vec::new();
        for block in footer.recordBatches().into_iter().flatten() {
            let (at, metadata) = (block.offset() as usize, block.metaDataLength() as usize);
            // The metadata has a continuation mark and its length in front.
            let message = arrow_ipc::root_as_message(&map[at + 8..at + metadata]).map_err(|e| e.to_string())?;
            let batch = message.header_as_record_batch().ok_or("a block of the file is no record batch")?;
            let buffers = batch.buffers().ok_or("a record batch without buffers")?;
            let mut next = 0;
            let columns = schema.fields().iter().map(|field| {
                let variable = matches!(field.data_type(), DataType::Utf8 | DataType::Binary);
                let data = buffers.get(next + 1);
                next += if variable { 3 } else { 2 };
                let (at, len) = (at + metadata + data.offset() as usize, data.length() as usize);
                (!variable).then(|| Place { at, len, checksum: crc32c::crc32c(&map[at..at + len]) })
            });
            places.push(columns.collect());
        }
        Ok(Self { map, compression, places, zstd: zstd::bulk::Decompressor::new()?, out: Vec::new() })
    }

    /// Gives `visit` the data of the columns, checked and decompressed, batch by batch.
    pub(crate) fn scan(&mut self, columns: &[usize], mut visit: impl FnMut(&[u8])) -> Result<()> {
        for batch in &self.places {
            for &column in columns {
                let place = batch[column].ok_or("a column of the floor has no fixed width")?;
                let stored = &self.map[place.at..place.at + place.len];
                if crc32c::crc32c(stored) != place.checksum {
                    return Err("a buffer of the Arrow file has a wrong checksum".into());
                }
                let Some((prefix, frame)) = stored.split_first_chunk::<8>().filter(|_| self.compression != Compression::None)
                else {
                    visit(stored);
                    continue;
                };
                let Ok(len) = usize::try_from(i64::from_le_bytes(*prefix)) else {
                    visit(frame);
                    continue;
                };
                self.out.resize(len.max(self.out.len()), 0);
                let out = &mut self.out[..len];
                match self.compression {
                    Compression::Lz4Frame => std::io::Read::read_exact(&mut lz4_flex::frame::FrameDecoder::new(frame), out)?,
                    _ => assert_eq!(self.zstd.decompress_to_buffer(frame, out)?, len),
                }
                visit(out);
            }
        }
        Ok(())
    }
}
