//! A soak of dialer-core against vendors on loopback that misbehave in every
//! way of the outcome table:
//!
//! ```console
//! cargo run --release --example fault_lab -- --calls 100000 --seed 1
//! ```
//!
//! Ends with a table of faults and verdicts and three figures that must be 0;
//! exits with 1 otherwise. The same seed gives the same faults.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

use std::{process::ExitCode, time::Instant};

use clap::Parser;

#[path = "../tests/integration/lab.rs"]
mod lab;
#[allow(dead_code, clippy::format_push_string)]
#[path = "../tests/integration/vendor.rs"]
mod vendor;

/// Random faults against random calls.
#[derive(Parser)]
struct Args {
    /// How many calls.
    #[arg(long, default_value_t = 10_000)]
    calls: usize,
    /// Which faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let began = Instant::now();
    let report = lab::run(args.calls, args.seed).await;
    println!("{report}");
    println!("\nseed {}, {:.0?}", args.seed, began.elapsed());
    if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
