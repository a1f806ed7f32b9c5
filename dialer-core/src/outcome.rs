//! Whether a call was placed, decided by one pure function.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a call was placed: what every dial answers first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The vendor accepted the call.
    Placed,
    /// It is proven that no call was placed. Only then may the call be dialled
    /// again.
    NotPlaced,
    /// Neither is proven: a phone may be ringing.
    Unknown,
}

impl Outcome {
    /// `placed`, `not_placed` or `unknown`, as it is serialised.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::NotPlaced => "not_placed",
            Self::Unknown => "unknown",
        }
    }
}

/// What one attempt left to judge by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Nothing was sent: the request could not be made.
    Unsent,
    /// Nothing was sent: no connection came about.
    NoConnection,
    /// A connection was there, and no reply arrived on it.
    NoReply,
    /// A reply arrived with this status.
    Status(u16),
}

/// Whose settings the HTTP client runs by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Ours: no redirect, retry or proxy that we did not ask for.
    Ours,
    /// The caller's: it may have sent the request more than once, and anywhere.
    Callers,
    /// The caller's, and it did: the reply is from where a redirect led, and
    /// names no call.
    Elsewhere,
}

/// An outcome, and whether the same call may succeed a little later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) transient: bool,
}

/// The table of the crate's documentation.
///
/// A client that is not ours proves nothing by failing or by being refused:
/// what is seen is only the last thing that it did.
pub(crate) fn judge(evidence: Evidence, trust: Trust) -> Verdict {
    let (outcome, transient) = match evidence {
        Evidence::Unsent => (Outcome::NotPlaced, false),
        Evidence::Status(200..=299) if trust != Trust::Elsewhere => (Outcome::Placed, false),
        _ if trust != Trust::Ours => (Outcome::Unknown, false),
        Evidence::NoConnection | Evidence::Status(429) => (Outcome::NotPlaced, true),
        Evidence::Status(307 | 308 | 400..=405 | 413 | 415 | 422) => (Outcome::NotPlaced, false),
        Evidence::NoReply | Evidence::Status(_) => (Outcome::Unknown, false),
    };
    Verdict { outcome, transient }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(evidence: Evidence, trust: Trust) -> (Outcome, bool) {
        let verdict = judge(evidence, trust);
        (verdict.outcome, verdict.transient)
    }

    #[test]
    fn what_never_left_the_process_is_not_placed_whoever_set_up_the_client() {
        for trust in [Trust::Ours, Trust::Callers, Trust::Elsewhere] {
            assert_eq!(
                verdict(Evidence::Unsent, trust),
                (Outcome::NotPlaced, false)
            );
        }
    }

    #[test]
    fn without_a_connection_nothing_is_placed_and_later_may_do() {
        assert_eq!(
            verdict(Evidence::NoConnection, Trust::Ours),
            (Outcome::NotPlaced, true)
        );
    }

    #[test]
    fn without_a_reply_nothing_is_known() {
        assert_eq!(
            verdict(Evidence::NoReply, Trust::Ours),
            (Outcome::Unknown, false)
        );
    }

    #[test]
    fn every_status_has_its_row() {
        for status in 100..=999 {
            let expected = match status {
                200..=299 => (Outcome::Placed, false),
                307 | 308 | 400 | 401 | 402 | 403 | 404 | 405 | 413 | 415 | 422 => {
                    (Outcome::NotPlaced, false)
                }
                429 => (Outcome::NotPlaced, true),
                _ => (Outcome::Unknown, false),
            };
            assert_eq!(
                verdict(Evidence::Status(status), Trust::Ours),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn a_client_of_the_callers_proves_only_success_and_that_only_without_a_redirect() {
        let failures = [Evidence::NoConnection, Evidence::NoReply];
        for evidence in failures
            .into_iter()
            .chain((100..=999).map(Evidence::Status))
        {
            let expected = match evidence {
                Evidence::Status(200..=299) => Outcome::Placed,
                _ => Outcome::Unknown,
            };
            assert_eq!(
                verdict(evidence, Trust::Callers),
                (expected, false),
                "{evidence:?}"
            );
            assert_eq!(
                verdict(evidence, Trust::Elsewhere),
                (Outcome::Unknown, false),
                "{evidence:?}"
            );
        }
    }
}
