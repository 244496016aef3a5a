//! The run's clock, and an alarm on it.
//!
//! Owns the one translation between the kernel's time since boot, which counts sleep and which
//! nobody sets, and a run's. Never steps back: a run taken up again goes on no earlier than it
//! was left.

use std::io;

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

use crate::event::Moment;

const SECOND: i64 = 1_000_000_000;

/// Tells a run's time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Nanoseconds from boot to the run's opening; below zero when it was opened before this boot.
    zero: i64,
}

impl Clock {
    /// Returns the clock of a run that is opened now.
    pub fn start() -> Self {
        Clock { zero: since_boot() }
    }

    /// Returns the clock of a run that was last seen at `last`. `zero`: where its clock stood at zero in this
    /// boot, nanoseconds; then it goes on as if it had never been left, whatever became of the wall clock. Where the
    /// machine was started anew since, what passed is taken from the wall clock, and one that was set back takes
    /// nothing away.
    pub fn resume(last: Moment, zero: Option<i64>) -> Self {
        if let Some(zero) = zero.filter(|zero| since_boot().saturating_sub(*zero) >= last.run_ns) {
            return Clock { zero };
        }
        let passed = wall_us().saturating_sub(last.wall_us).max(0).saturating_mul(1_000);
        Clock { zero: since_boot().saturating_sub(last.run_ns.saturating_add(passed)) }
    }

    /// Returns the kernel's time since boot at which the run's clock stood at zero, nanoseconds.
    pub fn zero(&self) -> i64 {
        self.zero
    }

    /// Returns the present.
    pub fn now(&self) -> Moment {
        Moment { run_ns: since_boot() - self.zero, wall_us: wall_us() }
    }

    /// Returns the clock that is so much later, nanoseconds; the wall clock stays.
    #[must_use]
    pub fn ahead(self, by: i64) -> Self {
        Clock { zero: self.zero.saturating_sub(by.max(0)) }
    }

    /// Returns the moment at which the kernel's time since boot was `boot_ns`.
    pub fn at(&self, boot_ns: u64, wall_us: i64) -> Moment {
        Moment { run_ns: i64::try_from(boot_ns).unwrap_or(i64::MAX).saturating_sub(self.zero), wall_us }
    }

    /// Returns the moment of a time on the run's clock.
    pub fn moment(&self, run_ns: i64) -> Moment {
        let now = self.now();
        Moment { run_ns, wall_us: now.wall_us + (run_ns - now.run_ns) / 1_000 }
    }
}

fn since_boot() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * SECOND + time.tv_nsec
}

fn wall_us() -> i64 {
    let time = clock_gettime(ClockId::Realtime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

/// Rings at a time on the run's clock, to the nanosecond, and also when the machine slept meanwhile.
pub(super) struct Alarm {
    /// The runtime calls whatever is read when it is ready a pipe, and does not look closer.
    file: Receiver,
    clock: Clock,
    set: Option<i64>,
}

impl Alarm {
    /// Returns an alarm that is not set. Must be called inside a runtime.
    pub fn new(clock: Clock) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let file = timerfd_create(TimerfdClockId::Boottime, flags)?;
        Ok(Alarm { file: Receiver::from_owned_fd_unchecked(file)?, clock, set: None })
    }

    /// Follows a clock that was set ahead. It is to be set anew.
    pub fn follow(&mut self, clock: Clock) {
        (self.clock, self.set) = (clock, None);
    }

    /// Sets the alarm to a time on the run's clock, or off.
    pub fn set(&mut self, at: Option<i64>) -> io::Result<()> {
        if self.set == at {
            return Ok(());
        }
        // A time of zero would turn it off: what has passed rings at once.
        let boot = at.map_or(0, |at| at.saturating_add(self.clock.zero).max(1));
        let value = Itimerspec { it_interval: timespec(0), it_value: timespec(boot) };
        timerfd_settime(&self.file, TimerfdTimerFlags::ABSTIME, &value)?;
        self.set = at;
        Ok(())
    }

    /// Waits until it rings. It is off then.
    pub async fn rings(&mut self) -> io::Result<()> {
        loop {
            self.file.readable().await?;
            match self.file.try_read(&mut [0; 8]) {
                Ok(_) => {
                    self.set = None;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn timespec(ns: i64) -> Timespec {
    Timespec { tv_sec: ns / SECOND, tv_nsec: ns % SECOND }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_taken_up_again_is_never_earlier_than_it_was_left() {
        let opened = Moment { run_ns: 0, wall_us: wall_us() + 3_600_000_000 };
        let last = Moment { run_ns: 7 * SECOND, wall_us: opened.wall_us + 7_000_000 };
        assert!(Clock::resume(last, None).now().run_ns >= last.run_ns);
    }

    #[test]
    fn in_the_same_boot_no_wall_clock_moves_a_run() {
        let zero = since_boot() - 60 * SECOND;
        for wall in [wall_us() - 86_400_000_000, wall_us() + 86_400_000_000] {
            let last = Moment { run_ns: 50 * SECOND, wall_us: wall };
            let now = Clock::resume(last, Some(zero)).now().run_ns;
            assert!((60 * SECOND..3_600 * SECOND).contains(&now), "{now}");
        }
    }

    #[test]
    fn time_while_nobody_ran_it_counts() {
        let opened = Moment { run_ns: 0, wall_us: wall_us() - 3_600_000_000 };
        assert!(Clock::resume(opened, None).now().run_ns >= 3_600 * SECOND);
    }
}
