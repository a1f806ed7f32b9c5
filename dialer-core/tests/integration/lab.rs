//! A soak: random faults against random calls, through batch, retry and
//! failover; what the vendors received is the truth that verdicts are held
//! against. The same seed gives each call the same faults.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dialer_core::{
    Batch, BatchError, Call, Dial, DialError, Dialer, Dialing, ErrorKind, Failover, Outcome, Retry,
    RetryPolicy, Transport, Vendor,
};
use futures_util::{StreamExt as _, stream};

use crate::vendor::{Does, Loopback, dialer, response};

/// What may happen to one attempt, and whether the vendor may place the call
/// when it gets the request whole.
type Fault = (&'static str, Does, bool);

#[allow(clippy::too_many_lines)] // It is a table.
fn faults() -> Vec<Fault> {
    let status = |code| Does::Replies(response(code, &[], br#"{"detail": "words"}"#));
    let reply = br#"{"session_id": "s", "call_id": "c", "extra": [1, {"deep": null}]}"#;
    let head = |text: &str| text.as_bytes().to_vec();
    let limited = response(429, &[("retry-after", "0")], b"");
    vec![
        ("placed", Does::Replies(response(200, &[], reply)), true),
        (
            "placed, kept alive",
            Does::Stalls([&b"HTTP/1.1 200 OK\r\ncontent-length: 66\r\n\r\n"[..], reply].concat()),
            true,
        ),
        (
            "201 with HTML",
            Does::Replies(response(201, &[], b"<html>")),
            true,
        ),
        (
            "200 cut short",
            Does::Replies(head(
                "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"call_id",
            )),
            true,
        ),
        (
            "200 and no end",
            Does::Stalls(head("HTTP/1.1 200 OK\r\n\r\n{")),
            true,
        ),
        (
            "307",
            Does::Replies(response(307, &[("location", "http://127.0.0.1:1/")], b"")),
            false,
        ),
        (
            "302",
            Does::Replies(response(302, &[("location", "http://127.0.0.1:1/")], b"")),
            true,
        ),
        (
            "301",
            Does::Replies(response(301, &[("location", "/")], b"")),
            true,
        ),
        (
            "303",
            Does::Replies(response(303, &[("location", "ftp://127.0.0.1/")], b"")),
            true,
        ),
        (
            "308",
            Does::Replies(response(308, &[("location", "/")], b"")),
            false,
        ),
        ("400", status(400), false),
        ("401", status(401), false),
        ("402", status(402), false),
        ("403", status(403), false),
        ("404", status(404), false),
        ("405", status(405), false),
        ("413", status(413), false),
        ("415", status(415), false),
        ("408", status(408), true),
        ("409", status(409), true),
        ("422", status(422), false),
        ("429", Does::Replies(limited), false),
        ("500", status(500), true),
        (
            "502 with HTML",
            Does::Replies(response(502, &[], b"<html>")),
            true,
        ),
        ("503", status(503), true),
        ("closed at once", Does::ClosesAtOnce, true),
        ("closed in mid-request", Does::ClosesMidRequest, true),
        ("closed after the request", Does::Closes, true),
        ("reset after the request", Does::Resets, true),
        ("never answers", Does::Stalls(Vec::new()), true),
        (
            "half a status line",
            Does::Replies(head("HTTP/1.1 2")),
            true,
        ),
        ("drips", Does::Drips(head("HTTP/1.1 200 OK\r\n")), true),
        (
            "headers without end",
            Does::Floods(head("HTTP/1.1 200 OK\r\na: b\r\n")),
            true,
        ),
        (
            "200 without end",
            Does::Floods([&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 65536]].concat()),
            true,
        ),
        (
            "200 says gzip",
            Does::Replies(response(200, &[("content-encoding", "gzip")], b"\xff\xfe")),
            true,
        ),
        ("garbage", Does::Replies(head("220 smtp ESMTP\r\n")), true),
        (
            "only 100",
            Does::Stalls(head("HTTP/1.1 100 Continue\r\n\r\n")),
            true,
        ),
    ]
}

/// Faults beside those of a server that gets the request.
const REFUSED: &str = "connection refused";
const NO_TLS: &str = "no TLS";
const INVALID: &str = "invalid call";

/// How many calls are in a batch.
const CHUNK: usize = 5000;

/// One vendor that does each of the faults at an address of its own.
struct Lab {
    vendor: Vendor,
    seed: u64,
    servers: Vec<(Fault, Loopback, Dialer)>,
    unreachable: [(&'static str, Dialer); 2],
    /// How often each number was dialled here.
    tries: Mutex<HashMap<String, u32>>,
    attempts: Mutex<Vec<(String, &'static str, Outcome)>>,
    /// A 2xx that was an error all the same.
    refused_2xx: AtomicUsize,
}

impl Lab {
    async fn new(vendor: Vendor, seed: u64) -> Arc<Self> {
        let transport = Transport::new()
            .connect_timeout(Duration::from_millis(600))
            .timeout(Duration::from_millis(900));
        let mut servers = Vec::new();
        for fault in faults() {
            let server = Loopback::that(fault.1.clone()).await;
            let dialer = dialer(vendor, &server.url(), transport.clone());
            servers.push((fault, server, dialer));
        }
        let plain = &servers[0].1;
        let no_tls = dialer(
            vendor,
            &format!("https://{}", plain.address),
            transport.clone(),
        );
        let refused = dialer(vendor, "http://127.0.0.1:1", transport);
        Arc::new(Self {
            vendor,
            seed,
            servers,
            unreachable: [(REFUSED, refused), (NO_TLS, no_tls)],
            tries: Mutex::default(),
            attempts: Mutex::default(),
            refused_2xx: AtomicUsize::new(0),
        })
    }

    /// What happens to the next attempt at a number: by the seed alone.
    fn next(&self, number: &str) -> (&'static str, &Dialer) {
        let mut tries = self.tries.lock().expect("no panic");
        let attempt = tries.entry(number.to_owned()).or_default();
        *attempt += 1;
        let choice = pick(
            &format!("{} {} {number} {attempt}", self.seed, self.vendor),
            self.servers.len() + 2 + 4,
        );
        // At the last vendor these stop the batch, which takes time; so, rarely.
        let stops = self.vendor == Vendor::Slng
            && ["401", "402", "403"]
                .contains(&self.servers.get(choice).map_or("", |server| server.0.0));
        let choice = if stops && pick(&format!("{} {number} {attempt} stops", self.seed), 20) > 0 {
            0
        } else {
            choice
        };
        match choice.checked_sub(self.servers.len()) {
            None => (self.servers[choice].0.0, &self.servers[choice].2),
            // Often enough that failover and retry have something to do.
            Some(choice) => {
                let (name, dialer) = &self.unreachable[choice % 2];
                (name, dialer)
            }
        }
    }
}

impl Dial for Lab {
    fn dial<'a>(&'a self, call: &'a Call) -> Dialing<'a> {
        Box::pin(async move {
            let number = call.destination().as_str();
            let (mut fault, dialer) = self.next(number);
            let result = dialer.dial(call).await;
            let outcome = result
                .as_ref()
                .map_or_else(DialError::outcome, |_| Outcome::Placed);
            if result
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::InvalidCall)
            {
                fault = INVALID;
            }
            let status = result.as_ref().err().and_then(DialError::status);
            if status.is_some_and(|status| (200..300).contains(&status)) {
                self.refused_2xx.fetch_add(1, Ordering::Relaxed);
            }
            self.attempts
                .lock()
                .expect("no panic")
                .push((number.to_owned(), fault, outcome));
            result
        })
    }
}

/// One of `choices`, by what it is for: FNV-1a and a finish that mixes, the
/// same everywhere and always.
fn pick(what: &str, choices: usize) -> usize {
    let hash = what.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((mixed >> 32) % choices as u64).expect("a small number")
}

/// What came of a soak.
#[derive(Default)]
pub(crate) struct Report {
    calls: usize,
    attempts: usize,
    /// By fault: placed, not placed, unknown.
    table: BTreeMap<&'static str, [usize; 3]>,
    pub(crate) placed_twice: usize,
    pub(crate) not_placed_but_received: usize,
    pub(crate) verdicts_lost: usize,
    pub(crate) errors_for_2xx: usize,
}

impl Report {
    pub(crate) fn is_clean(&self) -> bool {
        self.placed_twice + self.not_placed_but_received + self.verdicts_lost + self.errors_for_2xx
            == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<26} {:>10} {:>10} {:>10}",
            "attempts by fault", "placed", "not placed", "unknown"
        )?;
        for (fault, [placed, not_placed, unknown]) in &self.table {
            writeln!(f, "{fault:<26} {placed:>10} {not_placed:>10} {unknown:>10}")?;
        }
        writeln!(f, "\n{} calls, {} attempts", self.calls, self.attempts)?;
        writeln!(
            f,
            "calls placed twice                       {}",
            self.placed_twice
        )?;
        writeln!(
            f,
            "`NotPlaced` that the server had received {}",
            self.not_placed_but_received
        )?;
        writeln!(
            f,
            "verdicts lost                            {}",
            self.verdicts_lost
        )?;
        write!(
            f,
            "2xx that was an error                    {}",
            self.errors_for_2xx
        )
    }
}

/// Dials `calls` random calls.
pub(crate) async fn run(calls: usize, seed: u64) -> Report {
    let feather = Lab::new(Vendor::Feather, seed).await;
    let slng = Lab::new(Vendor::Slng, seed).await;
    let policy = RetryPolicy::new()
        .tries(3)
        .waits(Duration::from_millis(1), Duration::from_millis(4));
    let dialer: Arc<dyn Dial> = Arc::new(
        Failover::new(Retry::new(feather.clone(), policy)).then(Retry::new(slng.clone(), policy)),
    );

    let mut report = Report {
        calls,
        ..Report::default()
    };
    let mut told = 0;
    for first in (0..calls).step_by(CHUNK) {
        let mut rest: Vec<_> = (first..calls.min(first + CHUNK))
            .map(|n| (n, call(n, seed)))
            .collect();
        let mut times = HashMap::new();
        // An error of the account stops a batch; the rest goes into the next.
        while !rest.is_empty() {
            let batch = Batch::new().concurrency(256).refuse_repeated_numbers();
            let mut ended =
                std::pin::pin!(batch.run(dialer.clone(), stream::iter(std::mem::take(&mut rest))));
            while let Some(ended) = ended.next().await {
                told += match &ended.result {
                    Ok(receipt) => receipt.attempts().len(),
                    Err(BatchError::Dial(error)) => error.attempts().len(),
                    Err(_) => {
                        rest.push((ended.key, ended.call));
                        continue;
                    }
                };
                *times.entry(ended.key).or_insert(0) += 1;
            }
        }
        let chunk = first..calls.min(first + CHUNK);
        report.verdicts_lost += chunk.filter(|n| times.get(n) != Some(&1)).count();
    }

    let mut received: HashMap<String, usize> = HashMap::new();
    for lab in [&feather, &slng] {
        let mut here: HashMap<(String, &str), usize> = HashMap::new();
        for ((fault, _, may_place), server, _) in &lab.servers {
            for request in server.received() {
                let json = request.json();
                let number = json
                    .get("to_phone_number")
                    .or_else(|| json.get("phone_number"));
                let number = number
                    .and_then(|number| number.as_str())
                    .expect("a number")
                    .to_owned();
                if *may_place {
                    *received.entry(number.clone()).or_default() += 1;
                    *here.entry((number, fault)).or_default() += 1;
                }
            }
        }
        for (number, fault, outcome) in lab.attempts.lock().expect("no panic").iter() {
            report.attempts += 1;
            let counts = report.table.entry(*fault).or_default();
            match outcome {
                Outcome::Placed => counts[0] += 1,
                Outcome::NotPlaced => counts[1] += 1,
                Outcome::Unknown => counts[2] += 1,
            }
            if *outcome == Outcome::NotPlaced && here.contains_key(&(number.clone(), *fault)) {
                report.not_placed_but_received += 1;
            }
        }
    }
    for lab in [&feather, &slng] {
        report.errors_for_2xx += lab.refused_2xx.load(Ordering::Relaxed);
    }
    report.placed_twice = received.values().filter(|count| **count > 1).count();
    report.verdicts_lost += report.attempts.abs_diff(told);
    report
}

/// A call to a number of its own; one in twenty has a variable that SLNG does
/// not take.
fn call(n: usize, seed: u64) -> Call {
    let number = format!("+1{n:010}");
    // No country code 1 number begins so; it is never dialled for real.
    let call = Call::to(number.parse().expect("a number"));
    let variables = pick(&format!("{seed} {n} variables"), 5);
    let call = (0..variables).fold(call, |call, n| {
        call.variable(format!("v{n}"), "x".repeat(n * 100))
    });
    if pick(&format!("{seed} {n} invalid"), 20) == 0 {
        call.variable("age", 42)
    } else {
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_short_soak_is_clean_and_every_fault_comes_up() {
        let report = run(2000, 7).await;
        assert!(report.is_clean(), "{report}");
        assert_eq!(
            report.table.len(),
            faults().len() + 3,
            "every fault came up: {report}"
        );
    }

    #[tokio::test]
    async fn the_same_seed_draws_the_same_faults() {
        let drawn = async |seed| {
            let lab = Lab::new(Vendor::Slng, seed).await;
            let numbers = (0..300).map(|n| call(n, seed).destination().as_str().to_owned());
            let three_each = numbers.flat_map(|number| [0; 3].map(|_| lab.next(&number).0));
            three_each.collect::<Vec<_>>()
        };
        let one = drawn(1).await;
        assert_eq!(drawn(1).await, one);
        assert_ne!(drawn(2).await, one);
    }
}
