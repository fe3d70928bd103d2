//! Every option of the product, in one table: key, type and unit, range, default, meaning, price. The engine's and the
//! tables' options are read from it; the connector's, which Java reads, stand in it so that the page `docs/options.md` has
//! them all. Tests of both languages compare the page with what they accept.
mod auto_increment;
mod auto_partition;
mod connector;
mod door;
mod kind;
mod merge;
#[cfg(test)]
mod merge_tests;
mod spec;
mod statistics;
mod store;
#[cfg(test)]
mod tests;

pub use auto_increment::AutoIncrement;
pub use auto_partition::{AUTO_PARTITION_KEY, AutoPartition, TimeUnit};
pub use kind::Kind;
pub use merge::{ChangelogImage, DELETE_BEHAVIOR, DeleteBehavior, FieldOption, MergeOptions};
pub use spec::{OptionSpec, SCOPES, ScopeSpec};
pub use statistics::StatisticsColumns;
pub use store::{Compression, Consistency, EngineOptions, TableOptions};
