//! Several futures at once, polled in source order: what races is settled by the order of inputs alone.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// A future of the walk.
pub(super) type Walking<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Waits for all, and returns what they brought in the order they were given.
pub(super) async fn all<T>(futures: Vec<Walking<'_, T>>) -> Vec<T> {
    let mut slots: Vec<(Option<Walking<'_, T>>, Option<T>)> =
        futures.into_iter().map(|f| (Some(f), None)).collect();
    poll_fn(|cx| {
        for (future, output) in &mut slots {
            if let Some(running) = future
                && let Poll::Ready(value) = running.as_mut().poll(cx)
            {
                *future = None;
                *output = Some(value);
            }
        }
        if slots.iter().all(|(future, _)| future.is_none()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    slots.into_iter().filter_map(|(_, output)| output).collect()
}
