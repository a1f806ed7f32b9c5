//! Dials one number and says whether a phone is ringing.
//!
//! With `--vendor` and that vendor's environment variables set, it dials for
//! real. Otherwise it starts the typed mock of a vendor in this process and
//! dials that.
//!
//! Exit code: 0 placed, 3 not placed, 4 unknown, 2 bad usage or configuration.
#![allow(clippy::print_stderr)]

use std::{
    error::Error,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use dialer_core::{Call, DialError, Dialer, Outcome, PhoneNumber, Receipt, mock::MockVendor};
use serde_json::json;

/// Dial one number through Feather or SLNG.
#[derive(Parser)]
#[command(name = "dial")]
struct Args {
    /// The number to dial, in E.164 form such as +14155551234.
    #[arg(long)]
    to: PhoneNumber,
    /// A variable of the agent, as text; may be given more than once.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    vars: Vec<(String, String)>,
    /// The vendor. Dialled for real when its environment variables are set,
    /// else as a mock.
    #[arg(long)]
    vendor: Option<VendorArg>,
    /// Prints the result as JSON on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum VendorArg {
    Feather,
    Slng,
}

impl VendorArg {
    /// Whether any environment variable names an account of that vendor.
    fn is_configured(self) -> bool {
        let prefix = match self {
            Self::Feather => "FEATHER_",
            Self::Slng => "SLNG_",
        };
        std::env::vars_os()
            .any(|(name, value)| name.to_string_lossy().starts_with(prefix) && !value.is_empty())
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("not of the form NAME=VALUE".into()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let mock = match args.vendor {
        Some(vendor) if vendor.is_configured() => None,
        Some(VendorArg::Slng) => Some(MockVendor::slng().await),
        Some(VendorArg::Feather) | None => Some(MockVendor::feather().await),
    };
    let built = match (&mock, args.vendor) {
        (Some(mock), _) => Ok(mock.dialer()),
        (None, Some(VendorArg::Slng)) => Dialer::slng().read_env().build(),
        (None, _) => Dialer::feather().read_env().build(),
    };
    let dialer = match built {
        Ok(dialer) => dialer,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    if let Some(mock) = &mock {
        mock.places();
        let (vendor, address) = (dialer.vendor(), mock.server().base_url());
        eprintln!(
            "MOCK: no phone will ring. This is a mock of {vendor} at {address}, in this process."
        );
        eprintln!(
            "To dial for real, pass --vendor and set the vendor's variables (see the README)."
        );
    }

    let call = args
        .vars
        .iter()
        .fold(Call::to(args.to), |call, (name, value)| {
            call.variable(name, value.as_str())
        });
    let result = dialer.dial(&call).await;
    report(&result);
    if args.json {
        // A reader that has gone does not change the outcome.
        let _ = writeln!(io::stdout(), "{:#}", as_json(&result, mock.is_some()));
    }
    ExitCode::from(
        match result.map_or_else(|error| error.outcome(), |_| Outcome::Placed) {
            Outcome::Placed => 0,
            Outcome::NotPlaced => 3,
            Outcome::Unknown => 4,
        },
    )
}

fn report(result: &Result<Receipt, DialError>) {
    match result {
        Ok(receipt) => {
            eprintln!(
                "PLACED by {}, id {}",
                receipt.vendor(),
                receipt.id().unwrap_or("not readable")
            );
            for (name, value) in receipt.fields() {
                eprintln!("  {name}: {value}");
            }
        }
        Err(error) => {
            let heading = match error.outcome() {
                Outcome::NotPlaced => "NOT PLACED",
                Outcome::Placed | Outcome::Unknown => "UNKNOWN, a phone may be ringing",
            };
            eprintln!("{heading}: {error}");
            if let Some(message) = error.vendor_message() {
                eprintln!("  the vendor says: {message}");
            }
            if error.status().is_some() {
                for field in error.field_errors() {
                    eprintln!("  {field}");
                }
            }
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
        }
    }
}

fn as_json(result: &Result<Receipt, DialError>, mock: bool) -> serde_json::Value {
    match result {
        Ok(receipt) => json!({"mock": mock, "outcome": Outcome::Placed, "receipt": receipt}),
        Err(error) => json!({"mock": mock, "outcome": error.outcome(), "error": error}),
    }
}
