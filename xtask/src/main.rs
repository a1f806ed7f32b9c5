//! `cargo xtask`: dispatch only.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use xtask::{
    document, drift,
    expand::{self, Part},
    extract,
    generate::{self, Freshness},
    lower, refresh,
    sources::{Repository, derived_path},
};

/// Takes the vendors' documents over and derives what the API crates are
/// generated from.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The repository, if not the one that this was built in.
    #[arg(long, global = true, hide = true, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the OpenAPI document that a docs page embeds.
    Extract {
        /// The page, a Markdown file; `-` for standard input.
        page: String,
    },
    /// Prints an OpenAPI 3.1 document as 3.0.3 JSON.
    Lower {
        /// The document, YAML or JSON; `-` for standard input.
        spec: String,
        /// Writes to this file instead.
        #[arg(short, value_name = "OUT")]
        out: Option<PathBuf>,
    },
    /// Derives each API crate's openapi.json from specs/.
    Generate {
        /// Writes nothing; prints a diff and exits with 4 when one is stale.
        #[arg(long)]
        check: bool,
    },
    /// Prints the Rust that a document becomes.
    Expand {
        /// The vendor whose crate is meant.
        #[arg(value_name = "VENDOR", required_unless_present = "spec")]
        vendor: Option<String>,
        /// Any document instead, lowered first if need be; `-` for standard
        /// input.
        #[arg(long, value_name = "FILE", conflicts_with = "vendor")]
        spec: Option<String>,
        /// The typed mock rather than the client.
        #[arg(long)]
        mock: bool,
    },
    /// Takes over what the vendors publish now.
    Refresh(Published),
    /// Compares what the vendors publish now with what we build from: exits
    /// with 0 when only words differ, 4 when more does, 100 when the check
    /// itself failed.
    Drift(Published),
}

#[derive(Args)]
struct Published {
    /// The vendors; all of them when none is named.
    vendors: Vec<String>,
    /// A page to read instead of the published one: a file, an address, or `-`.
    /// For one vendor only.
    #[arg(long, value_name = "FILE|URL|-")]
    from: Option<String>,
}

/// Drift that needs action; a derived document that is stale.
const ACTION: u8 = 4;
/// A drift check that did not run.
const NOT_CHECKED: u8 = 100;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let failed = match cli.command {
        Command::Drift(_) => NOT_CHECKED,
        _ => 1,
    };
    run(
        cli.command,
        &cli.root.map_or_else(Repository::here, Repository::at),
        &mut io::stdout().lock(),
    )
    .unwrap_or_else(|error| {
        // Whoever reads the output (`| head`) has had enough: no need to say so.
        let io = error.downcast_ref::<io::Error>();
        if io.is_none_or(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            let _ = writeln!(io::stderr(), "error: {error:#}");
        }
        ExitCode::from(failed)
    })
}

fn run(command: Command, repository: &Repository, out: &mut dyn Write) -> Result<ExitCode> {
    match command {
        Command::Extract { page } => {
            let page = document::read(&page)?;
            out.write_all(extract::extract(&page)?.text.as_bytes())?;
        }
        Command::Lower { spec, out: path } => {
            let document = document::parse(&document::read(&spec)?).and_then(lower::lower);
            let lowered = generate::print(&document.context(spec)?)?;
            match path {
                Some(path) => drop(document::staged(&path, &lowered)?.persist(&path)?),
                None => out.write_all(lowered.as_bytes())?,
            }
        }
        Command::Generate { check: false } => generate::write(repository, out)?,
        Command::Generate { check: true } => {
            if generate::check(repository, out)? == Freshness::Stale {
                return Ok(ExitCode::from(ACTION));
            }
        }
        Command::Expand { vendor, spec, mock } => {
            let document = match (vendor, spec) {
                (Some(vendor), _) => {
                    repository.chosen(std::slice::from_ref(&vendor))?;
                    document::parse(&repository.read(&derived_path(&vendor))?)?
                }
                (None, spec) => {
                    let spec = spec.context("neither a vendor nor --spec")?;
                    let document = document::parse(&document::read(&spec)?).and_then(lower::lower);
                    document.context(spec)?
                }
            };
            let part = if mock { Part::Mock } else { Part::Client };
            out.write_all(expand::expand(&document, part)?.as_bytes())?;
        }
        Command::Refresh(published) => {
            let today = jiff::Zoned::now().date();
            let from = published.from.as_deref();
            for (vendor, source) in published.sources(repository)? {
                refresh::refresh(repository, &vendor, &source, from, today, out)?;
            }
        }
        Command::Drift(published) => {
            let from = published.from.as_deref();
            let mut worst = None;
            for (vendor, source) in published.sources(repository)? {
                worst = worst.max(drift::drift(repository, &vendor, &source, from, out)?);
            }
            if worst == Some(drift::Verdict::Unknown) {
                return Ok(ExitCode::from(ACTION));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Published {
    fn sources(&self, repository: &Repository) -> Result<Vec<(String, xtask::sources::Source)>> {
        let sources = repository.chosen(&self.vendors)?;
        anyhow::ensure!(
            self.from.is_none() || sources.len() == 1,
            "--from is one page: name the vendor that it is for"
        );
        Ok(sources.into_iter().collect())
    }
}
