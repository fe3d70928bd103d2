//! One measured figure, printed and written as the Java benchmarks do (`io.fluss.bench.Figure`).

/// The median over the rounds, beside the floor of the same rounds.
#[derive(Clone)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// One a round.
    pub(crate) values: Vec<f64>,
    /// One a round, or empty: there is none.
    pub(crate) floors: Vec<f64>,
}

/// The first line of the table.
pub(crate) fn heading() -> String {
    format!("{:<46} {:>14} {:<10} {:>14} {:>7} {:>7} {:>7}", "figure", "value", "unit", "floor", "ratio", "rounds", "spread")
}

/// The middle value; NaN of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value below which a share `p` of the values lies; NaN of nothing.
pub(crate) fn percentile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (p * sorted.len() as f64) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

impl Figure {
    /// The median of the ratios of each round: a round and its floor ran one after the other.
    fn ratio(&self) -> f64 {
        let ratios: Vec<f64> = self.values.iter().zip(&self.floors).map(|(v, f)| v / f).collect();
        median(&ratios)
    }

    /// Greatest minus least value, as a share of the median.
    fn spread(&self) -> f64 {
        (percentile(&self.values, 1.0) - percentile(&self.values, 0.0)) / median(&self.values)
    }

    /// A line of the table.
    pub(crate) fn row(&self) -> String {
        let (value, floor, ratio) = (median(&self.values), median(&self.floors), self.ratio());
        let rounds = self.values.len();
        let spread = 100.0 * self.spread();
        let line =
            format!("{:<46} {value:>14.1} {:<10} {floor:>14.1} {ratio:>7.3} {rounds:>7} {spread:>6.0}%", self.name, self.unit);
        line.replace("NaN", "  -")
    }

    /// A line of `figures.jsonl`.
    pub(crate) fn json(&self, commit: &str) -> String {
        let number = |n: f64| if n.is_finite() { format!("{n:.4}") } else { "null".to_string() };
        format!(
            "{{\"name\":\"{}\",\"value\":{},\"unit\":\"{}\",\"floor\":{},\"ratio\":{},\"rounds\":{},\"spread\":{},\"commit\":\"{commit}\"}}\n",
            self.name,
            number(median(&self.values)),
            self.unit,
            number(median(&self.floors)),
            number(self.ratio()),
            self.values.len(),
            number(self.spread())
        )
    }
}
