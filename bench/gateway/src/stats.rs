//! Samples of time, in nanoseconds, and how they are shown.

#[derive(Clone, Default)]
pub(crate) struct Samples(Vec<u64>);

impl Samples {
    pub(crate) fn add(&mut self, nanos: u128) {
        self.0.push(u64::try_from(nanos).unwrap_or(u64::MAX));
    }

    /// The 50th, 90th and 99th of a hundred, in milliseconds.
    pub(crate) fn quantiles(&self) -> [f64; 3] {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        [50, 90, 99].map(|part| sorted.get(last * part / 100).map_or(f64::NAN, |nanos| *nanos as f64 / 1e6))
    }
}

/// A row for each way: its own times, and what it adds to the first one's.
pub(crate) fn table(title: &str, rows: &[(&str, &Samples)]) {
    println!("\n| {title} (ms) | p50 | p90 | p99 | added p50 | added p90 | added p99 |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    let Some(base) = rows.first().map(|(_, samples)| samples.quantiles()) else { return };
    for (index, (name, samples)) in rows.iter().enumerate() {
        let own = samples.quantiles();
        let own_cells: String = own.iter().map(|value| format!(" {value:.3} |")).collect();
        let added: String = own
            .iter()
            .zip(base)
            .map(|(own, base)| if index == 0 { " |".to_owned() } else { format!(" {:.3} |", own - base) })
            .collect();
        println!("| {name} |{own_cells}{added}");
    }
}
