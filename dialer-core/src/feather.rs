//! Feather: `POST /v1/voice/outbound`.

use std::{env, time::Duration};

use feather_api::{CallContext, Client, types};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    Call, ConfigError, Destination, Dialer, FieldError, Transport, Vendor,
    config::{Access, Lookup, Problems, Setting, access_setters, uuid},
    dialer::Account,
    exchange::Answer,
};

/// Sets up a [`Dialer`] for an account at Feather; see [`Dialer::feather`].
#[derive(Clone, Debug)]
#[must_use]
pub struct FeatherBuilder {
    access: Access,
    from: Setting<Uuid>,
    agent: Setting<Uuid>,
    team: Setting<Uuid>,
}

impl FeatherBuilder {
    pub(crate) fn new() -> Self {
        Self {
            access: Access::new("FEATHER_API_KEY", "FEATHER_BASE_URL"),
            from: Setting::new("from_phone_number_id", "FEATHER_FROM_PHONE_NUMBER_ID"),
            agent: Setting::new("agent_id", "FEATHER_AGENT_ID"),
            team: Setting::new("team_id", "FEATHER_TEAM_ID"),
        }
    }

    access_setters! {
        key: "The API key, sent as `x-api-key`. Required.",
        server: "The server. Required: the document lists a sandbox and a local server only (see [`feather_api::SERVERS`]), so the choice is yours."
    }

    /// The id of the organisation's phone number to dial from. Required; the
    /// number must have an outbound agent attached.
    pub fn from_phone_number_id(mut self, id: Uuid) -> Self {
        self.from.set(id);
        self
    }

    /// Dials as this agent, which must be attached to the number. At most one
    /// of agent and team; with neither, Feather picks an attached one at
    /// random.
    pub fn agent_id(mut self, id: Uuid) -> Self {
        self.agent.set(id);
        self
    }

    /// Dials as this team: its default member speaks. At most one of agent and
    /// team. Feather ignores a call's variables then, its document says
    /// (`/components/schemas/OutboundRequest/properties/context_variables`).
    pub fn team_id(mut self, id: Uuid) -> Self {
        self.team.set(id);
        self
    }

    /// Reads `FEATHER_API_KEY`, `FEATHER_FROM_PHONE_NUMBER_ID`,
    /// `FEATHER_AGENT_ID`, `FEATHER_TEAM_ID` and `FEATHER_BASE_URL`, over what
    /// was set before. One that is empty counts as not set.
    pub fn read_env(self) -> Self {
        self.read_lookup(&|name| env::var_os(name))
    }

    pub(crate) fn read_lookup(mut self, lookup: Lookup<'_>) -> Self {
        self.access.read(lookup);
        self.from.read(lookup, uuid);
        self.agent.read(lookup, uuid);
        self.team.read(lookup, uuid);
        self
    }

    /// The dialer.
    ///
    /// # Errors
    ///
    /// Names everything that is missing or malformed, and agent and team when
    /// both are set.
    pub fn build(self) -> Result<Dialer, ConfigError> {
        let mut problems = Problems::of(Vendor::Feather);
        let access = self.access.check(&mut problems, CallContext::new);
        let from = problems.keep(self.from.required(Ok));
        let agent = problems.keep(self.agent.optional(Ok)).flatten();
        let team = problems.keep(self.team.optional(Ok)).flatten();
        if agent.is_some() && team.is_some() {
            problems.add(
                "both `agent_id` (FEATHER_AGENT_ID) and `team_id` (FEATHER_TEAM_ID) are set, and at most one may be",
            );
        }
        match (access, from) {
            (Some(access), Some(from)) if problems.is_empty() => {
                let context = access
                    .context
                    .max_reply_bytes(access.reply_limit)
                    .within(access.time_limit);
                let client = Client::new_with_client(&access.base_url, access.client, context);
                Ok(Dialer::new(
                    Account::Feather(Feather {
                        client,
                        from,
                        agent,
                        team,
                    }),
                    access.trust,
                    access.peer,
                ))
            }
            _ => Err(problems.into_error()),
        }
    }
}

/// An account at Feather.
#[derive(Clone, Debug)]
pub(crate) struct Feather {
    pub(crate) client: Client,
    from: Uuid,
    agent: Option<Uuid>,
    team: Option<Uuid>,
}

impl Feather {
    pub(crate) fn within(&self, limit: Duration) -> Self {
        Self {
            client: self.client.within(limit),
            ..self.clone()
        }
    }

    pub(crate) async fn dial(&self, call: &Call) -> Answer {
        let request = match self.request(call) {
            Ok(request) => request,
            Err(problem) => return Answer::invalid(vec![problem]),
        };
        let (client, recording) = self.client.recorded();
        let result = client.outbound().body(request).send().await;
        Answer::new(result, recording.was_sent(), recording.take())
    }

    /// `/components/schemas/OutboundRequest`; what the generated type cannot
    /// hold is refused here.
    fn request(&self, call: &Call) -> Result<types::OutboundRequest, FieldError> {
        let Destination::Number(number) = call.destination() else {
            let problem = "Feather takes a number, not a template";
            return Err(FieldError::ours(&["to_phone_number"], problem));
        };
        let number = number.as_str();
        let to = number.parse::<types::ToPhoneNumber>().map_err(|error| {
            let length = number.len();
            FieldError::ours(
                &["to_phone_number"],
                format!("{error} ({length} characters)"),
            )
        })?;
        let variables = (!call.variables().is_empty()).then(|| call.variables().clone());
        types::OutboundRequest::builder()
            .from_phone_number_id(self.from)
            .to_phone_number(to)
            .agent_id(self.agent)
            .team_id(self.team)
            .context_variables(variables)
            .try_into()
            .map_err(|error: types::error::ConversionError| {
                FieldError::ours(&[], error.to_string())
            })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    const ID: &str = "7d9f2c1e-6b1d-4f5a-9c3e-2a8b7d6e5f40";

    fn problems(variables: &[(&str, &str)]) -> Vec<String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let built = Dialer::feather().read_lookup(&lookup).build();
        built
            .err()
            .map_or_else(Vec::new, |error| error.problems().to_vec())
    }

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let expected = [
            "`api_key` (FEATHER_API_KEY) is not set",
            "`base_url` (FEATHER_BASE_URL) is not set",
            "`from_phone_number_id` (FEATHER_FROM_PHONE_NUMBER_ID) is not set",
        ];
        assert_eq!(problems(&[]), expected);
        assert_eq!(
            problems(&[("FEATHER_API_KEY", ""), ("FEATHER_TEAM_ID", "")]),
            expected
        );
    }

    #[test]
    fn all_that_is_malformed_is_named_and_not_shown() {
        let found = problems(&[
            ("FEATHER_API_KEY", "fk secret"),
            ("FEATHER_FROM_PHONE_NUMBER_ID", "+14155551234"),
            ("FEATHER_AGENT_ID", "secret"),
            ("FEATHER_TEAM_ID", "secret"),
            ("FEATHER_BASE_URL", "secret"),
        ]);
        assert_eq!(
            found,
            [
                "`api_key` (FEATHER_API_KEY) holds white space or a character that is not ASCII (9 characters)",
                "`base_url` (FEATHER_BASE_URL) is not a URL: relative URL without a base",
                "`from_phone_number_id` (FEATHER_FROM_PHONE_NUMBER_ID) is not a UUID (12 characters)",
                "`agent_id` (FEATHER_AGENT_ID) is not a UUID (6 characters)",
                "`team_id` (FEATHER_TEAM_ID) is not a UUID (6 characters)",
            ]
        );
    }

    #[test]
    fn an_agent_or_a_team_but_not_both() {
        let base = [
            ("FEATHER_API_KEY", "fk"),
            ("FEATHER_FROM_PHONE_NUMBER_ID", ID),
            ("FEATHER_BASE_URL", "http://localhost:8000"),
        ];
        let with = |more: &[(&'static str, &'static str)]| problems(&[&base[..], more].concat());
        assert_eq!(with(&[]), [""; 0]);
        assert_eq!(with(&[("FEATHER_AGENT_ID", ID)]), [""; 0]);
        assert_eq!(with(&[("FEATHER_TEAM_ID", ID)]), [""; 0]);
        let both = with(&[("FEATHER_AGENT_ID", ID), ("FEATHER_TEAM_ID", ID)]);
        assert!(
            both[0].ends_with("are set, and at most one may be"),
            "{both:?}"
        );
    }

    #[test]
    fn what_code_sets_after_the_environment_counts() {
        let lookup = |name: &str| (name == "FEATHER_AGENT_ID").then(|| OsString::from("nonsense"));
        let id = ID.parse().expect("a UUID");
        let builder = Dialer::feather()
            .api_key("fk")
            .from_phone_number_id(id)
            .base_url("http://localhost");
        let builder = builder.read_lookup(&lookup).agent_id(id);
        assert!(builder.build().is_ok());
    }

    #[test]
    fn a_connect_timeout_that_is_not_below_the_timeout_is_refused() {
        let second = Duration::from_secs(1);
        let transport = Transport::new().connect_timeout(second).timeout(second);
        let error = Dialer::feather()
            .transport(transport)
            .build()
            .expect_err("equal");
        assert_eq!(
            error.problems()[0],
            "the connect timeout (1s) must be less than the timeout (1s)"
        );
    }
}
