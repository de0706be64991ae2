//! Many times of one thing: middle and nearly worst.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Times of one thing.
#[derive(Clone, Debug)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Sorted on the way in.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// Times `count` runs.
    pub fn of(count: usize, mut run: impl FnMut(usize) -> Result<()>) -> Result<Self> {
        let mut times = Vec::with_capacity(count);
        for turn in 0..count {
            let before = Instant::now();
            run(turn)?;
            times.push(before.elapsed());
        }
        Ok(Self::new(times))
    }

    /// From lines of microseconds.
    pub fn microseconds(text: &str) -> Result<Self> {
        let times = text.lines().map(|line| Ok(Duration::from_micros(line.trim().parse()?)));
        Ok(Self::new(times.collect::<Result<_>>()?))
    }

    /// The smallest time that at least `part` of all do not exceed.
    pub fn at(&self, part: f64) -> Duration {
        let rank = (part * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.clamp(1, self.0.len().max(1)) - 1).copied().unwrap_or_default()
    }

    /// Median.
    pub fn median(&self) -> Duration {
        self.at(0.5)
    }

    /// 99 of 100 are not slower; of fewer than 100 runs it is the slowest.
    pub fn p99(&self) -> Duration {
        self.at(0.99)
    }

    /// For the table.
    pub fn text(&self) -> String {
        format!("{} median, {} p99 (n={})", milliseconds(self.median()), milliseconds(self.p99()), self.0.len())
    }
}

/// `2.3 ms`.
pub fn milliseconds(time: Duration) -> String {
    let value = time.as_secs_f64() * 1e3;
    if value < 9.95 { format!("{value:.1} ms") } else { format!("{value:.0} ms") }
}

/// How many times as long as a baseline.
pub fn ratio(measured: Duration, baseline: Duration) -> String {
    format!("{:.1}x", measured.as_secs_f64() / baseline.as_secs_f64().max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_p99_near_the_end() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!((times.median(), times.p99()), (Duration::from_millis(100), Duration::from_millis(198)));
        let few = Times::microseconds("1500\n2500\n12000\n").unwrap();
        assert_eq!(few.text(), "2.5 ms median, 12 ms p99 (n=3)");
    }
}
