//! Dials one number and says whether a phone is ringing.
//!
//! With `--vendor` and that vendor's environment variables set, it dials for
//! real. Otherwise it starts the typed mock of a vendor in this process and
//! dials that.
//!
//! Exit code: 0 placed, 3 not placed, 4 unknown, 2 bad usage or configuration.
#![allow(clippy::expect_used, clippy::print_stderr)]

use std::{
    error::Error,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use dialer_core::{
    Call, ConfigError, DialError, Dialer, Outcome, PhoneNumber, Receipt, feather_api, slng_api,
};
use httpmock::MockServer;
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

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("not of the form NAME=VALUE".into()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let mock = is_mock(args.vendor);
    let server = if mock {
        Some(MockServer::start_async().await)
    } else {
        None
    };
    let dialer = match dialer(args.vendor, server.as_ref()) {
        Ok(dialer) => dialer,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let vendor = dialer.vendor();
    if let Some(server) = &server {
        eprintln!(
            "MOCK: no phone will ring. This is a mock of {vendor} at {}, in this process.",
            server.base_url()
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
        let _ = writeln!(io::stdout(), "{:#}", as_json(&result, mock));
    }
    ExitCode::from(
        match result.map_or_else(|error| error.outcome(), |_| Outcome::Placed) {
            Outcome::Placed => 0,
            Outcome::NotPlaced => 3,
            Outcome::Unknown => 4,
        },
    )
}

/// Whether nothing names an account of that vendor.
fn is_mock(vendor: Option<VendorArg>) -> bool {
    let prefix = match vendor {
        None => return true,
        Some(VendorArg::Feather) => "FEATHER_",
        Some(VendorArg::Slng) => "SLNG_",
    };
    !std::env::vars_os()
        .any(|(name, value)| name.to_string_lossy().starts_with(prefix) && !value.is_empty())
}

fn dialer(vendor: Option<VendorArg>, mock: Option<&MockServer>) -> Result<Dialer, ConfigError> {
    let any_id = "550e8400-e29b-41d4-a716-446655440000"
        .parse()
        .unwrap_or_default();
    match (vendor.unwrap_or(VendorArg::Feather), mock) {
        (VendorArg::Feather, None) => Dialer::feather().read_env().build(),
        (VendorArg::Slng, None) => Dialer::slng().read_env().build(),
        (VendorArg::Feather, Some(server)) => {
            use feather_api::{mock::MockServerExt as _, types::OutboundResponse};
            server.outbound(|_, then| {
                let reply = OutboundResponse::builder()
                    .room_name("mock-room")
                    .dispatch_id("mock-dispatch")
                    .agent_name("mock-agent")
                    .session_id(any_id);
                then.ok(&reply.try_into().expect("all four required fields are set"));
            });
            let builder = Dialer::feather()
                .api_key("mock-key")
                .from_phone_number_id(any_id);
            builder.base_url(server.base_url()).build()
        }
        (VendorArg::Slng, Some(server)) => {
            use slng_api::{mock::MockServerExt as _, types::AgentCallResponse};
            server.dispatch_call(|_, then| {
                let reply = AgentCallResponse::builder()
                    .call_id(any_id)
                    .message("Call dispatched successfully");
                then.ok(&reply.try_into().expect("both required fields are set"));
            });
            let builder = Dialer::slng().api_key("mock-key").agent_id(any_id);
            builder.base_url(server.base_url()).build()
        }
    }
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
