//! What costs more to find out than a page may, and changes little from one second to the next: kept
//! for a moment. For large sites only; whoever stores it says what is large.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub struct Kept<T> {
    value: Mutex<Option<(Instant, T)>>,
    moment: Duration,
}

impl<T: Clone> Kept<T> {
    pub fn new(moment: Duration) -> Kept<T> {
        Kept {
            value: Mutex::default(),
            moment,
        }
    }

    pub fn get(&self) -> Option<T> {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        value
            .as_ref()
            .filter(|(at, _)| at.elapsed() < self.moment)
            .map(|(_, value)| value.clone())
    }

    /// Does not replace what is fresh: a value that was taken from here is no newer than that.
    pub fn keep(&self, value: T) {
        let mut kept = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        if kept
            .as_ref()
            .is_none_or(|(at, _)| at.elapsed() >= self.moment)
        {
            *kept = Some((Instant::now(), value));
        }
    }

    pub fn forget(&self) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
