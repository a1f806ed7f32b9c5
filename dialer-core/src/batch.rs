//! Many calls: a stream of them in, a stream of what came of each out.

use std::{
    collections::HashSet,
    fmt,
    hash::Hash,
    num::NonZeroU32,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::{Stream, StreamExt as _};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;

use crate::{
    Call, Destination, Dial, DialError, ErrorKind, Outcome, PhoneNumber, Receipt, RetryPolicy,
    gate::Gate, trace,
};

/// How a batch is dialled.
///
/// ```
/// # use dialer_core::{Batch, Call, Dialer};
/// # use futures_util::{StreamExt, stream};
/// # async fn example(dialer: Dialer, rows: Vec<(u32, Call)>) {
/// let batch = Batch::new().concurrency(8).per_second(5).refuse_repeated_numbers();
/// let mut ended = std::pin::pin!(batch.run(dialer, stream::iter(rows)));
/// while let Some(ended) = ended.next().await {
///     println!("row {}: {:?}", ended.key, ended.outcome());
/// }
/// # }
/// ```
///
/// # What stops it
///
/// A `Retry-After` pauses the whole batch for as long as it says. An error of
/// the account (a key that is refused, no credit, no permission) stops it, as
/// the token of [`stop_on`](Self::stop_on) does: what is being dialled ends and
/// is given as any other; what is not yet dialled is given as
/// [`NotDialled`]. The input is read to its end for that, so end an endless one
/// yourself (`calls.take_until(token.cancelled_owned())`). Of a dialer that
/// fails over, the last error is the one that counts.
///
/// # Memory
///
/// Bounded by the concurrency, not by the length of the input; but for the keys
/// and numbers that were seen, where repeated ones are refused.
#[derive(Clone, Debug)]
#[must_use]
pub struct Batch {
    concurrency: usize,
    per_second: Option<NonZeroU32>,
    refuse_keys: bool,
    refuse_numbers: bool,
    retry: RetryPolicy,
    stop: CancellationToken,
}

impl Batch {
    /// 16 calls at a time, as fast as they end, repeats allowed.
    pub fn new() -> Self {
        Self {
            concurrency: 16,
            per_second: None,
            refuse_keys: false,
            refuse_numbers: false,
            retry: RetryPolicy::new().tries(1),
            stop: CancellationToken::new(),
        }
    }

    /// At most so many calls are being dialled at a time; 0 counts as 1.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// At most so many dials begin in a second, evenly spaced; 0 is no limit.
    pub fn per_second(mut self, dials: u32) -> Self {
        self.per_second = NonZeroU32::new(dials);
        self
    }

    /// A call whose key was there before is not dialled.
    pub fn refuse_repeated_keys(mut self) -> Self {
        self.refuse_keys = true;
        self
    }

    /// A call to a number that was there before is not dialled.
    pub fn refuse_repeated_numbers(mut self) -> Self {
        self.refuse_numbers = true;
        self
    }

    /// Dials again by `policy` what is proven not placed and transient; off
    /// unless set. Every try waits for its turn as a first one does, which a
    /// [`Retry`](crate::Retry) inside of the dialer could not.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Stops, gracefully, when the token is cancelled.
    ///
    /// ```
    /// # use dialer_core::{Batch, CancellationToken};
    /// let token = CancellationToken::new();
    /// let batch = Batch::new().stop_on(token.clone());
    /// // ... on Ctrl-C:
    /// token.cancel();
    /// ```
    pub fn stop_on(mut self, token: CancellationToken) -> Self {
        self.stop = token;
        self
    }

    /// Dials `calls`, each with a key of the caller's, and gives each as it
    /// ends.
    ///
    /// Each dial runs in a task of its own, so that a reader who takes his time
    /// costs no verdict; the next ones begin only when it is polled. Dropped, it
    /// drops the dials under way: no verdict is had for them, and phones may
    /// ring. To stop without losing a verdict, cancel the token and read to the
    /// end, or use [`spawn`](Self::spawn).
    ///
    /// It must be polled on a Tokio runtime.
    pub fn run<K, S, D>(self, dialer: D, calls: S) -> impl Stream<Item = Ended<K>>
    where
        K: Clone + Eq + Hash,
        S: Stream<Item = (K, Call)>,
        D: Dial + 'static,
    {
        let mut seen = Seen {
            keys: self.refuse_keys.then(HashSet::new),
            numbers: self.refuse_numbers.then(HashSet::new),
        };
        let dialer = Arc::new(dialer);
        let gate = Arc::new(Gate::new(self.per_second, self.retry, &self.stop));
        calls
            .map(move |(key, call)| {
                let repeated = seen.refuse(&key, &call);
                let (dialer, gate, call) = (dialer.clone(), gate.clone(), Arc::new(call));
                async move {
                    let result = if let Some(reason) = repeated {
                        Err(BatchError::NotDialled(reason))
                    } else {
                        let call = call.clone();
                        let dial = async move { gate.dial(&*dialer, &call).await };
                        let task = tokio::spawn(dial.in_current_span());
                        let ended = AbortOnDropHandle::new(task).await;
                        ended.unwrap_or_else(|panic| Err(BatchError::Panicked(panic.to_string())))
                    };
                    let call = Arc::unwrap_or_clone(call);
                    Ended { key, call, result }
                }
            })
            .buffer_unordered(self.concurrency)
    }

    /// As [`run`](Self::run), in a task of its own.
    ///
    /// Dropped, or [finished](Spawned::finish), it stops gracefully: the dials
    /// under way end.
    ///
    /// ```
    /// # use dialer_core::{Batch, Call, Dialer};
    /// # use futures_util::{StreamExt, stream};
    /// # async fn example(dialer: Dialer, rows: Vec<(u32, Call)>) {
    /// let mut batch = Batch::new().spawn(dialer, stream::iter(rows));
    /// let first = batch.next().await;
    /// for ended in batch.finish().await {
    ///     println!("row {}: {:?}", ended.key, ended.outcome());
    /// }
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime; and, when it is read, where the input
    /// panicked.
    pub fn spawn<K, S, D>(self, dialer: D, calls: S) -> Spawned<K>
    where
        K: Clone + Eq + Hash + Send + 'static,
        S: Stream<Item = (K, Call)> + Send + 'static,
        D: Dial + 'static,
    {
        let stop = self.stop.child_token();
        let unread = CancellationToken::new();
        let calls = calls.take_until(unread.clone().cancelled_owned());
        let ended = self.stop_on(stop.clone()).run(dialer, calls);
        let (sender, receiver) = mpsc::channel(1);
        let task = tokio::spawn(deliver(ended, sender, unread));
        Spawned {
            receiver,
            task,
            task_ended: false,
            stop: stop.drop_guard(),
        }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

/// What came of one call of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended<K> {
    /// The caller's key.
    pub key: K,
    /// The call.
    pub call: Call,
    /// The receipt, or why there is none.
    pub result: Result<Receipt, BatchError>,
}

impl<K> Ended<K> {
    /// Whether the call was placed.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.result {
            Ok(_) => Outcome::Placed,
            Err(BatchError::Dial(error)) => error.outcome(),
            Err(BatchError::NotDialled(_)) => Outcome::NotPlaced,
            Err(BatchError::Panicked(_)) => Outcome::Unknown,
        }
    }
}

/// Why a call of a batch gave no receipt.
#[derive(Debug)]
#[non_exhaustive]
pub enum BatchError {
    /// It was dialled.
    Dial(DialError),
    /// It was not.
    NotDialled(NotDialled),
    /// The dialer panicked, with these words: what came of it is not known.
    Panicked(String),
}

/// Why a call of a batch was not dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotDialled {
    /// The batch was stopped by its token.
    Stopped,
    /// The batch was stopped by an error of the account that another call met.
    Account(ErrorKind),
    /// Its key was there before.
    RepeatedKey,
    /// Its number was there before.
    RepeatedNumber,
}

impl fmt::Display for NotDialled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("not dialled: the batch was stopped"),
            Self::Account(kind) => write!(
                f,
                "not dialled: another call met an error of the account ({kind})"
            ),
            Self::RepeatedKey => f.write_str("not dialled: its key was in the batch before"),
            Self::RepeatedNumber => f.write_str("not dialled: its number was in the batch before"),
        }
    }
}

impl std::error::Error for NotDialled {}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(error) => error.fmt(f),
            Self::NotDialled(reason) => reason.fmt(f),
            Self::Panicked(words) => write!(
                f,
                "the dialer panicked; a call may have been placed: {words}"
            ),
        }
    }
}

impl std::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Dial(error) => error.source(),
            Self::NotDialled(_) | Self::Panicked(_) => None,
        }
    }
}

/// A batch in a task of its own: a stream of [`Ended`].
#[derive(Debug)]
#[must_use = "dropped, it stops"]
pub struct Spawned<K> {
    receiver: mpsc::Receiver<Ended<K>>,
    task: JoinHandle<()>,
    task_ended: bool,
    stop: tokio_util::sync::DropGuard,
}

impl<K> Spawned<K> {
    /// Stops gracefully and gives all that has not been read yet: the calls
    /// that were being dialled, and those that were not. Waits for the input to
    /// end. Where the input panicked, gives what there is, and logs it.
    pub async fn finish(mut self) -> Vec<Ended<K>> {
        self.stop.disarm().cancel();
        let mut rest = Vec::new();
        while let Some(ended) = self.receiver.recv().await {
            rest.push(ended);
        }
        if let Err(panic) = self.task.await {
            tracing::error!(%panic, "the input of a batch panicked");
        }
        rest
    }
}

impl<K> Stream for Spawned<K> {
    type Item = Ended<K>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Ended<K>>> {
        let next = ready!(self.receiver.poll_recv(cx));
        if next.is_none()
            && !self.task_ended
            && let Err(error) = ready!(Pin::new(&mut self.task).poll(cx))
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
        self.task_ended |= next.is_none();
        Poll::Ready(next)
    }
}

/// Runs a batch to its end. Where nobody reads any longer, it cancels `unread`,
/// which ends the input, and logs what comes of the dials under way.
async fn deliver<K>(
    ended: impl Stream<Item = Ended<K>>,
    sender: mpsc::Sender<Ended<K>>,
    unread: CancellationToken,
) {
    let mut ended = std::pin::pin!(ended);
    loop {
        let next = tokio::select! {
            next = ended.next() => next,
            () = sender.closed(), if !unread.is_cancelled() => {
                unread.cancel();
                continue;
            }
        };
        let Some(next) = next else { return };
        if let Err(mpsc::error::SendError(lost)) = sender.send(next).await {
            let receipt = lost.result.as_ref().ok();
            tracing::warn!(
                dialer.to = ?lost.call.destination(),
                dialer.outcome = lost.outcome().as_str(),
                dialer.call_id = receipt.and_then(Receipt::id).map(trace::short),
                "nobody reads what came of this call"
            );
        }
    }
}

/// Keys and numbers that were there before, where that matters.
struct Seen<K> {
    keys: Option<HashSet<K>>,
    numbers: Option<HashSet<PhoneNumber>>,
}

impl<K: Clone + Eq + Hash> Seen<K> {
    fn refuse(&mut self, key: &K, call: &Call) -> Option<NotDialled> {
        if self
            .keys
            .as_mut()
            .is_some_and(|keys| !keys.insert(key.clone()))
        {
            return Some(NotDialled::RepeatedKey);
        }
        let (Some(numbers), Destination::Number(number)) = (&mut self.numbers, call.destination())
        else {
            return None;
        };
        let repeated = !numbers.insert(number.clone());
        repeated.then_some(NotDialled::RepeatedNumber)
    }
}
