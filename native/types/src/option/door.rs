//! The one door through which option values come in: unknown names and bad values stop here.
use std::collections::BTreeMap;
use std::time::Duration;

use super::kind::Value;
use super::spec::OptionSpec;
use crate::{Error, ErrorCode, Result};

/// Checked values of one scope, with the defaults filled in.
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Reads what was given. An unknown name is refused with the nearest known one; so is a value that cannot be read, also
    /// of an option that nothing uses yet. `what` names the scope in errors.
    pub(super) fn read(what: &str, specs: &'static [OptionSpec], given: &BTreeMap<String, String>) -> Result<Self> {
        if let Some(unknown) = given.keys().find(|k| specs.iter().all(|s| s.key != k.as_str())) {
            let known: Vec<&str> = specs.iter().map(|s| s.key).collect();
            let hint = nearest(unknown, &known).map_or_else(String::new, |n| format!(" Did you mean '{n}'?"));
            return Err(Error::new(
                ErrorCode::UnknownOption,
                format!("'{unknown}' is no {what}.{hint} Known: {}", known.join(", ")),
            ));
        }
        let mut values = BTreeMap::new();
        for spec in specs {
            let Some(text) = given.get(spec.key).map(String::as_str).or(spec.default) else { continue };
            let value = spec
                .kind
                .parse(text)
                .map_err(|why| Error::new(ErrorCode::InvalidOption, format!("option '{}' = '{text}': {why}", spec.key)))?;
            values.insert(spec.key, value);
        }
        Ok(Self(values))
    }

    fn get<T>(&self, key: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T> {
        self.0.get(key).and_then(read).ok_or_else(|| Error::internal(format!("option '{key}' is read as what it is not")))
    }

    /// Of an option that is a whole number.
    pub(super) fn int<T: TryFrom<u64>>(&self, key: &str) -> Result<T> {
        self.get(key, |v| if let Value::Int(n) = v { T::try_from(*n).ok() } else { None })
    }

    /// As [`Values::int`], of an option that has no default; `None`: not given.
    pub(super) fn int_opt<T: TryFrom<u64>>(&self, key: &str) -> Result<Option<T>> {
        self.0.contains_key(key).then(|| self.int(key)).transpose()
    }

    /// Of an option that is a limit.
    pub(super) fn limit(&self, key: &str) -> Result<Option<u32>> {
        self.get(key, |v| if let Value::Limit(n) = v { Some(*n) } else { None })
    }

    /// Of an option that is true or false.
    pub(super) fn flag(&self, key: &str) -> Result<bool> {
        self.get(key, |v| if let Value::Bool(b) = v { Some(*b) } else { None })
    }

    /// Of an option that is a size.
    pub(super) fn bytes(&self, key: &str) -> Result<u64> {
        self.get(key, |v| if let Value::Bytes(n) = v { Some(*n) } else { None })
    }

    /// Of an option that is a duration.
    pub(super) fn duration(&self, key: &str) -> Result<Duration> {
        self.get(key, |v| if let Value::Duration(d) = v { Some(*d) } else { None })
    }

    /// Of an option that is a time to live.
    pub(super) fn time_to_live(&self, key: &str) -> Result<Option<Duration>> {
        self.get(key, |v| if let Value::TimeToLive(d) = v { Some(*d) } else { None })
    }

    /// Of an option that is a time to live and has no default; `None`: not given, or never.
    pub(super) fn optional_time_to_live(&self, key: &str) -> Option<Duration> {
        if let Some(Value::TimeToLive(d)) = self.0.get(key) { *d } else { None }
    }

    /// Of an option that is a choice.
    pub(super) fn choice<T: Copy>(&self, key: &str, meanings: &[(&str, T)]) -> Result<T> {
        self.get(key, |v| {
            let Value::Choice(name) = v else { return None };
            meanings.iter().find(|(n, _)| n == name).map(|(_, meaning)| *meaning)
        })
    }

    /// As [`Values::choice`], of an option that has no default; `None`: not given.
    pub(super) fn choice_opt<T: Copy>(&self, key: &str, meanings: &[(&str, T)]) -> Result<Option<T>> {
        self.0.contains_key(key).then(|| self.choice(key, meanings)).transpose()
    }

    /// Of an option that is text; `None`: not given.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        if let Some(Value::Text(t)) = self.0.get(key) { Some(t) } else { None }
    }
}

/// The known name with the smallest edit distance, if it is near enough to be what was meant.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|k| (edit_distance(name, k), *k))
        .min()
        .filter(|(d, k)| *d <= k.len().max(name.len()) / 3 + 1)
        .map(|(_, k)| k)
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
