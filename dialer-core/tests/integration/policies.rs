//! Retry and failover, over dialers of the test's own; time is simulated.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use dialer_core::{
    Call, Dial, DialError, Dialing, ErrorKind, Failover, Outcome, Receipt, Retry, RetryPolicy,
    Vendor, mock,
};
use tokio::time::Instant;

use crate::vendor::call;

type Step = fn(Vendor) -> Result<Receipt, DialError>;

/// Plays results in order; fails the test when asked once more.
struct Script {
    vendor: Vendor,
    steps: Mutex<VecDeque<Step>>,
}

impl Script {
    fn new(vendor: Vendor, steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        let steps = Mutex::new(steps.into_iter().collect());
        Arc::new(Self { vendor, steps })
    }

    fn left(&self) -> usize {
        self.steps.lock().expect("no test panicked here").len()
    }
}

impl Dial for Script {
    fn dial<'a>(&'a self, _: &'a Call) -> Dialing<'a> {
        let step = self
            .steps
            .lock()
            .expect("no test panicked here")
            .pop_front();
        let step = step.expect("dialled once more than it may be");
        Box::pin(async move { step(self.vendor) })
    }
}

const PLACED: Step =
    |vendor| mock::reply(vendor, 200, &[], r#"{"call_id": "c", "session_id": "c"}"#);
const NO_CONNECTION: Step = |vendor| Err(mock::no_connection(vendor));
const NO_REPLY: Step = |vendor| Err(mock::no_reply(vendor));
const LIMITED: Step = |vendor| mock::reply(vendor, 429, &[("retry-after", "20")], "");

fn policy() -> RetryPolicy {
    RetryPolicy::new()
        .tries(4)
        .within(Duration::from_secs(60))
        .waits(Duration::from_secs(1), Duration::from_secs(4))
}

#[tokio::test(start_paused = true)]
async fn what_is_transient_is_dialled_again_and_every_attempt_is_in_the_receipt() {
    let script = Script::new(Vendor::Slng, [NO_CONNECTION, LIMITED, PLACED]);
    let began = Instant::now();
    let receipt = Retry::new(script, policy())
        .dial(&call())
        .await
        .expect("placed");
    let kinds: Vec<_> = receipt
        .attempts()
        .iter()
        .map(|attempt| attempt.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            Some(ErrorKind::Transport),
            Some(ErrorKind::RateLimited),
            None
        ]
    );
    let took = began.elapsed().as_secs_f64();
    // 1 to 2 seconds by the policy, then 20 by the vendor.
    assert!((21.0..22.1).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn tries_are_counted_and_waits_grow_to_their_limit() {
    let script = Script::new(Vendor::Slng, [NO_CONNECTION; 4]);
    let began = Instant::now();
    let error = Retry::new(script.clone(), policy())
        .dial(&call())
        .await
        .expect_err("never");
    assert_eq!((error.attempts().len(), script.left()), (4, 0));
    // 1, 2 and 4 seconds, each up to twice as long.
    let took = began.elapsed().as_secs_f64();
    assert!((7.0..14.1).contains(&took), "{took}");

    let once = Script::new(Vendor::Slng, [NO_CONNECTION]);
    Retry::new(once, policy().tries(0))
        .dial(&call())
        .await
        .expect_err("one try");
}

#[tokio::test(start_paused = true)]
async fn time_is_kept_and_a_wait_beyond_it_is_not_begun() {
    let script = Script::new(Vendor::Slng, [LIMITED, PLACED]);
    let began = Instant::now();
    let error = Retry::new(script.clone(), policy().within(Duration::from_secs(19)))
        .dial(&call())
        .await;
    let error = error.expect_err("20 seconds are too long");
    assert_eq!(
        (error.retry_after(), script.left()),
        (Some(Duration::from_secs(20)), 1)
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn nothing_but_the_proven_and_transient_is_dialled_again() {
    let refusals: [Step; 8] = [
        NO_REPLY,
        |vendor| mock::reply(vendor, 400, &[], ""),
        |vendor| mock::reply(vendor, 401, &[], ""),
        |vendor| mock::reply(vendor, 408, &[("retry-after", "1")], ""),
        |vendor| mock::reply(vendor, 409, &[], ""),
        |vendor| mock::reply(vendor, 502, &[("retry-after", "1")], ""),
        |vendor| mock::reply(vendor, 503, &[("retry-after", "1")], ""),
        |vendor| mock::reply(vendor, 307, &[], ""),
    ];
    for step in refusals {
        let script = Script::new(Vendor::Feather, [step, PLACED]);
        let error = Retry::new(script.clone(), policy())
            .dial(&call())
            .await
            .expect_err("refused");
        assert_eq!((script.left(), error.attempts().len()), (1, 1), "{error}");
    }
}

#[tokio::test]
async fn the_next_dialer_is_asked_only_where_the_vendor_or_the_account_could_not() {
    let not_configured = r#"{"detail": "Outbound telephony is not configured for this agent."}"#;
    let cases: [(Step, bool); 14] = [
        (NO_CONNECTION, true),
        (LIMITED, true),
        (|vendor| mock::reply(vendor, 401, &[], ""), true),
        (|vendor| mock::reply(vendor, 402, &[], ""), true),
        (|vendor| mock::reply(vendor, 403, &[], ""), true),
        (
            |vendor| {
                mock::reply(
                    vendor,
                    400,
                    &[],
                    r#"{"detail": "Outbound telephony is not configured for this agent."}"#,
                )
            },
            true,
        ),
        (|vendor| mock::reply(vendor, 400, &[], ""), false),
        (|vendor| mock::reply(vendor, 404, &[], ""), false),
        (|vendor| mock::reply(vendor, 422, &[], ""), false),
        (|vendor| mock::reply(vendor, 308, &[], ""), false),
        (|vendor| mock::reply(vendor, 409, &[], ""), false),
        (|vendor| mock::reply(vendor, 502, &[], ""), false),
        (NO_REPLY, false),
        (PLACED, false),
    ];
    for (step, asks_next) in cases {
        let (first, second) = (
            Script::new(Vendor::Feather, [step]),
            Script::new(Vendor::Slng, [PLACED]),
        );
        let result = Failover::new(first)
            .then(second.clone())
            .dial(&call())
            .await;
        assert_eq!(second.left() == 0, asks_next, "{result:?}");
        let attempts = match &result {
            Ok(receipt) => receipt.attempts(),
            Err(error) => error.attempts(),
        };
        let vendors: Vec<_> = attempts.iter().map(|attempt| attempt.vendor).collect();
        let expected = if asks_next {
            &[Vendor::Feather, Vendor::Slng][..]
        } else {
            &[Vendor::Feather]
        };
        assert_eq!(vendors, expected);
    }
    let error = mock::reply(Vendor::Slng, 400, &[], not_configured).expect_err("400");
    assert_eq!(error.kind(), ErrorKind::NotConfiguredForOutbound);
}

#[tokio::test]
async fn three_dialers_leave_three_attempts() {
    let (one, two, three) = (
        Script::new(Vendor::Feather, [NO_CONNECTION]),
        Script::new(Vendor::Slng, [LIMITED]),
        Script::new(Vendor::Feather, [PLACED]),
    );
    let receipt = Failover::new(one)
        .then(two)
        .then(three)
        .dial(&call())
        .await
        .expect("placed");
    let kinds: Vec<_> = receipt
        .attempts()
        .iter()
        .map(|attempt| attempt.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            Some(ErrorKind::Transport),
            Some(ErrorKind::RateLimited),
            None
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn policies_nest_and_the_last_error_tells_of_every_attempt() {
    let feather = Script::new(Vendor::Feather, [NO_CONNECTION; 2]);
    let slng = Script::new(Vendor::Slng, [LIMITED, NO_REPLY]);
    let dialer =
        Failover::new(Retry::new(feather, policy().tries(2))).then(Retry::new(slng, policy()));
    let dialer: Arc<dyn Dial> = Arc::new(dialer);
    let error = dialer.dial(&call()).await.expect_err("unknown at last");
    assert_eq!(error.outcome(), Outcome::Unknown);
    let seen: Vec<_> = error
        .attempts()
        .iter()
        .map(|attempt| (attempt.vendor, attempt.outcome))
        .collect();
    assert_eq!(
        seen,
        [
            (Vendor::Feather, Outcome::NotPlaced),
            (Vendor::Feather, Outcome::NotPlaced),
            (Vendor::Slng, Outcome::NotPlaced),
            (Vendor::Slng, Outcome::Unknown),
        ]
    );
}
