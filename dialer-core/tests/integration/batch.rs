//! Batches, over dialers of the test's own and over the mock.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use dialer_core::{
    Batch, BatchError, Call, Dial, DialError, Dialing, Ended, ErrorKind, NotDialled, Outcome,
    Receipt, RetryPolicy, Vendor,
    mock::{self, MockVendor},
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// Answers call number `n` by a function, each after a time; counts.
#[derive(Clone)]
struct Counting {
    answer: fn(usize) -> Result<Receipt, DialError>,
    time: Duration,
    begun: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Counting {
    fn new(time: Duration, answer: fn(usize) -> Result<Receipt, DialError>) -> Self {
        let zero = || Arc::new(AtomicUsize::new(0));
        Self {
            answer,
            time,
            begun: zero(),
            running: zero(),
            most: zero(),
        }
    }

    fn begun(&self) -> usize {
        self.begun.load(SeqCst)
    }
}

impl Dial for Counting {
    fn dial<'a>(&'a self, _: &'a Call) -> Dialing<'a> {
        Box::pin(async move {
            let number = self.begun.fetch_add(1, SeqCst);
            self.most
                .fetch_max(self.running.fetch_add(1, SeqCst) + 1, SeqCst);
            sleep(self.time).await;
            self.running.fetch_sub(1, SeqCst);
            (self.answer)(number)
        })
    }
}

fn places(_: usize) -> Result<Receipt, DialError> {
    mock::reply(Vendor::Slng, 200, &[], "{}")
}

fn number(n: usize) -> Call {
    Call::to(format!("+1415555{n:04}").parse().expect("a number"))
}

fn calls(count: usize) -> impl Stream<Item = (usize, Call)> + Send {
    stream::iter((0..count).map(|n| (n, number(n))))
}

const SECOND: Duration = Duration::from_secs(1);

fn not_dialled<K>(ended: &Ended<K>) -> Option<NotDialled> {
    match ended.result {
        Err(BatchError::NotDialled(reason)) => Some(reason),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_ends_once_with_its_key_and_no_more_run_at_a_time_than_may() {
    let dialer = Counting::new(SECOND, places);
    let began = Instant::now();
    let ended: Vec<_> = Batch::new()
        .concurrency(7)
        .run(dialer.clone(), calls(100))
        .collect()
        .await;
    let keys: BTreeSet<_> = ended.iter().map(|ended| ended.key).collect();
    assert_eq!((ended.len(), keys.len(), dialer.begun()), (100, 100, 100));
    assert!(
        ended
            .iter()
            .all(|ended| ended.outcome() == Outcome::Placed && ended.call == number(ended.key))
    );
    assert_eq!(dialer.most.load(SeqCst), 7);
    assert_eq!(began.elapsed(), SECOND * 15, "100 calls, 7 at a time");
}

#[tokio::test(start_paused = true)]
async fn results_come_as_they_end_and_the_input_is_read_no_further_than_needed() {
    let dialer = Counting::new(SECOND, places);
    let read = Arc::new(AtomicUsize::new(0));
    let input = {
        let read = read.clone();
        calls(1000).inspect(move |_| {
            read.fetch_add(1, SeqCst);
        })
    };
    let mut ended = std::pin::pin!(Batch::new().concurrency(4).run(dialer.clone(), input));
    for so_far in 1..=10 {
        ended.next().await.expect("one more");
        let read = read.load(SeqCst);
        assert!(read <= so_far + 4, "{read} read when {so_far} had ended");
    }
}

#[tokio::test]
async fn no_more_dials_begin_in_a_second_than_may() {
    let dialer = Counting::new(Duration::ZERO, places);
    let began = std::time::Instant::now();
    let ended: Vec<_> = Batch::new()
        .per_second(50)
        .run(dialer.clone(), calls(26))
        .collect()
        .await;
    // The first at once, 25 more at 20 ms each. An upper bound would only
    // measure this machine.
    assert!(
        began.elapsed() >= Duration::from_millis(490),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(ended.len(), 26);
}

#[tokio::test(start_paused = true)]
async fn repeats_are_refused_only_when_asked() {
    let rows = [("a", 1), ("b", 2), ("a", 3), ("c", 1), ("d", 4)];
    let rows = || stream::iter(rows.map(|(key, n)| (key, number(n))));
    let dialer = Counting::new(SECOND, places);
    let of = async |batch: Batch| {
        let mut ended: Vec<_> = batch
            .concurrency(1)
            .run(dialer.clone(), rows())
            .collect()
            .await;
        ended
            .iter_mut()
            .map(|ended| (ended.key, not_dialled(ended)))
            .collect::<Vec<_>>()
    };
    let keys = Some(NotDialled::RepeatedKey);
    let numbers = Some(NotDialled::RepeatedNumber);
    assert_eq!(
        of(Batch::new())
            .await
            .iter()
            .filter(|(_, reason)| reason.is_some())
            .count(),
        0
    );
    assert_eq!(
        of(Batch::new().refuse_repeated_keys()).await,
        [
            ("a", None),
            ("b", None),
            ("a", keys),
            ("c", None),
            ("d", None)
        ]
    );
    assert_eq!(
        of(Batch::new().refuse_repeated_numbers()).await,
        [
            ("a", None),
            ("b", None),
            ("a", None),
            ("c", numbers),
            ("d", None)
        ]
    );
    let both = Batch::new()
        .refuse_repeated_keys()
        .refuse_repeated_numbers();
    assert_eq!(
        of(both).await,
        [
            ("a", None),
            ("b", None),
            ("a", keys),
            ("c", numbers),
            ("d", None)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn retry_after_pauses_the_whole_batch() {
    let dialer = Counting::new(Duration::ZERO, |n| match n {
        3 => mock::reply(Vendor::Slng, 429, &[("retry-after", "30")], ""),
        _ => places(n),
    });
    let began = Instant::now();
    let mut at = Vec::new();
    let mut ended = std::pin::pin!(Batch::new().concurrency(1).run(dialer.clone(), calls(6)));
    while let Some(ended) = ended.next().await {
        at.push((ended.key, ended.outcome(), began.elapsed().as_secs()));
    }
    let placed = Outcome::Placed;
    assert_eq!(
        at[..4],
        [
            (0, placed, 0),
            (1, placed, 0),
            (2, placed, 0),
            (3, Outcome::NotPlaced, 0)
        ]
    );
    assert_eq!(
        at[4..],
        [(4, placed, 30), (5, placed, 30)],
        "the refused one is given, not dialled again"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_account_stops_the_batch_and_the_rest_is_given_as_not_dialled() {
    for (status, kind) in [
        (401, ErrorKind::Authentication),
        (402, ErrorKind::InsufficientCredit),
        (403, ErrorKind::Permission),
    ] {
        let answer = match status {
            401 => |n| {
                if n < 5 {
                    places(n)
                } else {
                    mock::reply(Vendor::Slng, 401, &[], "")
                }
            },
            402 => |n| {
                if n < 5 {
                    places(n)
                } else {
                    mock::reply(Vendor::Slng, 402, &[], "")
                }
            },
            _ => |n| {
                if n < 5 {
                    places(n)
                } else {
                    mock::reply(Vendor::Slng, 403, &[], "")
                }
            },
        };
        let dialer = Counting::new(SECOND, answer);
        let ended: Vec<_> = Batch::new()
            .concurrency(3)
            .run(dialer.clone(), calls(50))
            .collect()
            .await;
        assert_eq!(ended.len(), 50, "every call is given");
        let placed = ended
            .iter()
            .filter(|ended| ended.outcome() == Outcome::Placed)
            .count();
        let refused = ended
            .iter()
            .filter(|ended| matches!(ended.result, Err(BatchError::Dial(_))))
            .count();
        let rest = ended
            .iter()
            .filter(|ended| not_dialled(ended) == Some(NotDialled::Account(kind)))
            .count();
        assert_eq!((placed, placed + refused + rest), (5, 50));
        assert!(
            dialer.begun() <= 8,
            "{} dialled: those under way, and no more",
            dialer.begun()
        );
        assert_eq!(dialer.begun(), placed + refused);
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_stops_it_and_what_is_under_way_ends() {
    let dialer = Counting::new(SECOND, places);
    let token = CancellationToken::new();
    let mut ended = std::pin::pin!(
        Batch::new()
            .concurrency(4)
            .stop_on(token.clone())
            .run(dialer.clone(), calls(20))
    );
    for _ in 0..6 {
        assert_eq!(
            ended.next().await.expect("one more").outcome(),
            Outcome::Placed
        );
    }
    let begun = dialer.begun();
    token.cancel();
    let rest: Vec<_> = ended.collect().await;
    assert_eq!(
        (rest.len(), dialer.begun()),
        (14, begun),
        "none begins after the stop"
    );
    let placed = rest
        .iter()
        .filter(|ended| ended.outcome() == Outcome::Placed)
        .count();
    assert_eq!(placed, begun - 6, "what was under way ended");
    assert_eq!(
        rest.iter()
            .filter(|ended| not_dialled(ended) == Some(NotDialled::Stopped))
            .count(),
        14 - placed
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_pause() {
    let dialer = Counting::new(Duration::ZERO, |_| {
        mock::reply(Vendor::Slng, 429, &[("retry-after", "86400")], "")
    });
    let token = CancellationToken::new();
    let mut ended = std::pin::pin!(
        Batch::new()
            .concurrency(1)
            .stop_on(token.clone())
            .run(dialer.clone(), calls(3))
    );
    ended.next().await.expect("the first");
    let began = Instant::now();
    token.cancel();
    assert_eq!(ended.collect::<Vec<_>>().await.len(), 2);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_spawned_batch_is_a_stream_and_goes_on_unread() {
    let dialer = Counting::new(SECOND, places);
    let ended: Vec<_> = Batch::new()
        .spawn(dialer.clone(), calls(40))
        .collect()
        .await;
    assert_eq!((ended.len(), dialer.begun()), (40, 40));
}

#[tokio::test(start_paused = true)]
async fn finishing_a_spawned_batch_gives_every_call_that_was_not_read() {
    let dialer = Counting::new(SECOND, places);
    let mut spawned = Batch::new().concurrency(4).spawn(dialer.clone(), calls(40));
    for _ in 0..3 {
        spawned.next().await.expect("one more");
    }
    let rest = spawned.finish().await;
    assert_eq!(rest.len(), 37);
    let placed = rest
        .iter()
        .filter(|ended| ended.outcome() == Outcome::Placed)
        .count();
    assert_eq!(placed + 3, dialer.begun(), "no verdict is lost");
}

/// Dials until it is let go, so that a test knows when one is under way.
struct Held(Arc<Semaphore>, mpsc::UnboundedSender<&'static str>);

impl Dial for Held {
    fn dial<'a>(&'a self, _: &'a Call) -> Dialing<'a> {
        Box::pin(async move {
            self.1.send("begun").expect("the test listens");
            self.0.acquire().await.expect("open").forget();
            self.1.send("ended").expect("the test listens");
            places(0)
        })
    }
}

#[tokio::test]
async fn dropping_a_spawned_batch_lets_the_dials_under_way_end_and_begins_no_more() {
    let (sender, mut events) = mpsc::unbounded_channel();
    let held = Arc::new(Semaphore::new(0));
    // An input that never ends by itself.
    let input = calls(2).chain(stream::pending());
    let spawned = Batch::new()
        .concurrency(1)
        .spawn(Held(held.clone(), sender), input);
    assert_eq!(events.recv().await, Some("begun"));
    drop(spawned);
    held.add_permits(1);
    assert_eq!(events.recv().await, Some("ended"));
    assert_eq!(
        events.recv().await,
        None,
        "the task ended, and dialled no other"
    );
}

/// Each reply is there long before it is read; the time limit of a dial is
/// well below the reader's time for one.
#[tokio::test]
async fn a_reader_who_takes_his_time_costs_no_verdict() {
    let vendor = MockVendor::slng().await;
    vendor.places();
    let dialer = vendor.dialer().within(Duration::from_millis(500));
    let batch = || Batch::new().concurrency(4);
    let mut ended: Pin<Box<dyn Stream<Item = Ended<usize>>>> =
        Box::pin(batch().run(dialer.clone(), calls(6)));
    for spawned in [false, true] {
        if spawned {
            ended = Box::pin(batch().spawn(dialer.clone(), calls(6)));
        }
        let mut placed = 0;
        while let Some(ended) = ended.next().await {
            assert_eq!(
                ended.outcome(),
                Outcome::Placed,
                "spawned: {spawned}: {:?}",
                ended.result
            );
            placed += 1;
            if placed < 3 {
                sleep(Duration::from_millis(700)).await;
            }
        }
        assert_eq!(placed, 6);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dialer_that_panics_costs_its_own_verdict_and_no_other() {
    let dialer = Counting::new(SECOND, |n| {
        assert!(n != 5, "on purpose");
        places(n)
    });
    for spawned in [false, true] {
        dialer.begun.store(0, SeqCst);
        let ended: Vec<_> = if spawned {
            Batch::new()
                .spawn(dialer.clone(), calls(20))
                .collect()
                .await
        } else {
            Batch::new().run(dialer.clone(), calls(20)).collect().await
        };
        assert_eq!(ended.len(), 20);
        let unknown: Vec<_> = ended
            .iter()
            .filter(|ended| ended.outcome() == Outcome::Unknown)
            .collect();
        let [panicked] = unknown[..] else {
            panic!("one panicked: {unknown:?}");
        };
        assert!(
            matches!(&panicked.result, Err(BatchError::Panicked(words)) if words.contains("panicked"))
        );
        assert_eq!(panicked.call, number(panicked.key));
    }
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "the input, on purpose")]
async fn an_input_that_panics_is_not_an_input_that_ends() {
    let input = calls(10).map(|(n, call)| {
        assert!(n != 5, "the input, on purpose");
        (n, call)
    });
    let dialer = Counting::new(SECOND, places);
    let _: Vec<_> = Batch::new().spawn(dialer, input).collect().await;
}

#[tokio::test(start_paused = true)]
async fn any_retry_after_pauses_and_a_shorter_one_does_not_shorten_it() {
    let dialer = Counting::new(SECOND, |n| match n {
        0 => mock::reply(Vendor::Slng, 503, &[("retry-after", "30")], ""),
        1 => mock::reply(Vendor::Slng, 429, &[("retry-after", "5")], ""),
        _ => places(n),
    });
    let began = Instant::now();
    // Two at a time: the first two are refused in the same moment, after a
    // second; four more take two, after the longer pause.
    let ended: Vec<_> = Batch::new()
        .concurrency(2)
        .run(dialer.clone(), calls(6))
        .collect()
        .await;
    assert_eq!((ended.len(), dialer.begun()), (6, 6));
    assert_eq!(began.elapsed().as_secs(), 1 + 30 + 2);
}

#[tokio::test(start_paused = true)]
async fn every_try_of_a_batch_keeps_its_pause_and_its_stop() {
    let policy = RetryPolicy::new()
        .tries(3)
        .within(SECOND * 1000)
        .waits(SECOND, SECOND);
    let dialer = Counting::new(Duration::ZERO, |n| match n {
        0 => mock::reply(Vendor::Slng, 429, &[("retry-after", "30")], ""),
        _ => places(n),
    });
    let began = Instant::now();
    let ended: Vec<_> = Batch::new()
        .concurrency(1)
        .retry(policy)
        .run(dialer.clone(), calls(3))
        .collect()
        .await;
    assert!(ended.iter().all(|ended| ended.outcome() == Outcome::Placed));
    let attempts = ended[0].result.as_ref().expect("placed").attempts();
    assert_eq!(
        (attempts.len(), dialer.begun()),
        (2, 4),
        "the first call was dialled again"
    );
    assert_eq!(began.elapsed().as_secs(), 30);

    // Stopped while it waits to dial again: its last error is what it gets.
    let refuses = Counting::new(Duration::ZERO, |_| Err(mock::no_connection(Vendor::Slng)));
    let token = CancellationToken::new();
    let batch = Batch::new()
        .concurrency(1)
        .retry(policy.waits(SECOND * 60, SECOND * 60))
        .stop_on(token.clone());
    let stop = async {
        sleep(SECOND).await;
        token.cancel();
    };
    let (ended, ()) = tokio::join!(
        batch.run(refuses.clone(), calls(2)).collect::<Vec<_>>(),
        stop
    );
    assert!(
        matches!(&ended[0].result, Err(BatchError::Dial(error)) if error.attempts().len() == 1)
    );
    assert_eq!(
        (not_dialled(&ended[1]), refuses.begun()),
        (Some(NotDialled::Stopped), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_account_leaves_the_callers_token_alone() {
    let token = CancellationToken::new();
    let dialer = Counting::new(SECOND, |_| mock::reply(Vendor::Slng, 402, &[], ""));
    let batch = Batch::new().concurrency(1).stop_on(token.clone());
    let ended: Vec<_> = batch.run(dialer.clone(), calls(5)).collect().await;
    assert_eq!(
        (ended.len(), dialer.begun(), token.is_cancelled()),
        (5, 1, false)
    );
}

#[tokio::test(start_paused = true)]
async fn calls_to_a_template_are_no_repeats_of_each_other() {
    let rows = (0..3).map(|n| {
        (
            n,
            Call::to_template("{{phone}}").variable("phone", format!("+1415555000{n}")),
        )
    });
    let dialer = Counting::new(SECOND, places);
    let batch = Batch::new().refuse_repeated_numbers();
    let ended: Vec<_> = batch.run(dialer, stream::iter(rows)).collect().await;
    assert!(ended.iter().all(|ended| ended.outcome() == Outcome::Placed));
}

#[tokio::test]
async fn a_batch_dials_a_vendor() {
    let vendor = MockVendor::feather().await;
    let mock = vendor.places();
    let ended: Vec<_> = Batch::new().run(vendor.dialer(), calls(20)).collect().await;
    assert!(ended.iter().all(|ended| ended.outcome() == Outcome::Placed));
    mock.assert_calls(20);
}
