//! How the time of a partition is written: a few letters of Java's `DateTimeFormatter`, of which each has a fixed number of digits.
use fluss_types::TimeUnit;
use jiff::civil::DateTime;

/// A pattern that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeFormat(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Quarter,
    Month,
    Day,
    Hour,
    Text(String),
}

impl Part {
    const FIELDS: [(&'static str, Part); 6] = [
        ("yyyy", Part::Year),
        ("uuuu", Part::Year),
        ("MM", Part::Month),
        ("dd", Part::Day),
        ("HH", Part::Hour),
        ("Q", Part::Quarter),
    ];

    fn digits(&self) -> usize {
        match self {
            Self::Year => 4,
            Self::Quarter => 1,
            _ => 2,
        }
    }
}

impl TimeFormat {
    /// Reads a pattern; the error says what is wrong with it.
    pub(crate) fn parse(pattern: &str, unit: TimeUnit) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            let run = rest.len() - rest.trim_start_matches(first).len();
            let (token, after) = rest.split_at(run);
            if first == '\'' {
                let Some((text, after)) = rest[1..].split_once('\'') else { return Err("a ' has no second one".into()) };
                parts.push(Part::Text(text.into()));
                rest = after;
                continue;
            }
            parts.push(match Part::FIELDS.iter().find(|(letters, _)| *letters == token) {
                Some((_, part)) => part.clone(),
                None if first == '-' || first == '_' => Part::Text(token.into()),
                None => {
                    return Err(format!(
                        "'{token}' is none of yyyy, MM, dd, HH, Q, -, _ and text between '; optional sections and other letters are not known"
                    ));
                }
            });
            rest = after;
        }
        let has = |part| parts.contains(&part);
        let enough = has(Part::Year)
            && match unit {
                TimeUnit::Year => true,
                TimeUnit::Quarter => has(Part::Quarter) || has(Part::Month),
                TimeUnit::Month => has(Part::Month),
                TimeUnit::Day => has(Part::Month) && has(Part::Day),
                TimeUnit::Hour => has(Part::Month) && has(Part::Day) && has(Part::Hour),
            };
        if enough { Ok(Self(parts)) } else { Err(format!("it does not tell one {unit:?} from another").to_lowercase()) }
    }

    /// The text of a time.
    pub(crate) fn format(&self, time: DateTime) -> String {
        let mut out = String::new();
        for part in &self.0 {
            let number = match part {
                Part::Year => time.year(),
                Part::Quarter => i16::from((time.month() - 1) / 3 + 1),
                Part::Month => time.month().into(),
                Part::Day => time.day().into(),
                Part::Hour => time.hour().into(),
                Part::Text(text) => {
                    out.push_str(text);
                    continue;
                }
            };
            out.push_str(&format!("{number:0digits$}", digits = part.digits()));
        }
        out
    }

    /// The first time that has a text; `None`: no time has it.
    pub(crate) fn read(&self, text: &str) -> Option<DateTime> {
        let (mut year, mut month, mut day, mut hour, mut quarter) = (1, None, 1, 0, None);
        let mut rest = text;
        for part in &self.0 {
            if let Part::Text(text) = part {
                rest = rest.strip_prefix(text.as_str())?;
                continue;
            }
            let (digits, after) = rest.split_at_checked(part.digits())?;
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let number: i16 = digits.parse().ok()?;
            match part {
                Part::Year => year = number,
                Part::Quarter => quarter = Some(number),
                Part::Month => month = Some(number),
                Part::Day => day = number,
                Part::Hour | Part::Text(_) => hour = number,
            }
            rest = after;
        }
        let month = month.or(quarter.filter(|q| (1..=4).contains(q)).map(|q| 3 * q - 2)).unwrap_or(1);
        let number = |n: i16| i8::try_from(n).ok();
        let time = DateTime::new(year, number(month)?, number(day)?, number(hour)?, 0, 0, 0).ok()?;
        (rest.is_empty() && self.format(time) == text).then_some(time)
    }
}
