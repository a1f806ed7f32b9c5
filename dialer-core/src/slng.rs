//! SLNG: `POST /v1/agents/{agent_id}/calls`.

use std::{borrow::Cow, collections::BTreeMap, env, time::Duration};

use secrecy::SecretString;
use serde_json::Value;
use slng_api::{CallContext, Client, types};
use uuid::Uuid;

use crate::{
    Call, ConfigError, Destination, Dialer, FieldError, Transport, Vendor,
    config::{Access, Lookup, Problems, Setting, access_setters, uuid},
    dialer::Account,
    exchange::Answer,
};

/// `/components/schemas/AgentCallCreate/properties/arguments/maxProperties`.
const MAX_VARIABLES: usize = 32;
/// `/components/schemas/AgentCallCreate/properties/arguments/description`, in
/// characters over all values.
const MAX_CHARACTERS: usize = 8192;

/// Sets up a [`Dialer`] for an account at SLNG; see [`Dialer::slng`].
#[derive(Clone, Debug)]
#[must_use]
pub struct SlngBuilder {
    access: Access,
    agent: Setting<Uuid>,
    as_text: bool,
}

impl SlngBuilder {
    pub(crate) fn new() -> Self {
        Self {
            access: Access::new("SLNG_API_KEY", "SLNG_BASE_URL"),
            agent: Setting::new("agent_id", "SLNG_AGENT_ID"),
            as_text: false,
        }
    }

    access_setters! {
        key: "The API key, sent as a bearer token. Required.",
        server: "The server; the one of the document (see [`slng_api::SERVERS`]) unless set."
    }

    /// The agent that speaks. Required; it must be configured with an outbound
    /// connection.
    pub fn agent_id(mut self, id: Uuid) -> Self {
        self.agent.set(id);
        self
    }

    /// Sends a variable that is a number or a boolean as its text (`3`,
    /// `true`). SLNG takes text only; without this, such a variable is an
    /// error.
    pub fn variables_as_text(mut self) -> Self {
        self.as_text = true;
        self
    }

    /// Reads `SLNG_API_KEY`, `SLNG_AGENT_ID` and `SLNG_BASE_URL`, over what was
    /// set before. One that is empty counts as not set.
    pub fn read_env(self) -> Self {
        self.read_lookup(&|name| env::var_os(name))
    }

    pub(crate) fn read_lookup(mut self, lookup: Lookup<'_>) -> Self {
        self.access.read(lookup);
        self.agent.read(lookup, uuid);
        self
    }

    /// The dialer.
    ///
    /// # Errors
    ///
    /// Names everything that is missing or malformed.
    pub fn build(mut self) -> Result<Dialer, ConfigError> {
        let mut problems = Problems::of(Vendor::Slng);
        if let Some(server) = slng_api::SERVERS.first() {
            self.access.base_url.set_if_unset(server.url.to_owned());
        }
        let access = self.access.check(&mut problems, CallContext::new);
        let agent = problems.keep(self.agent.required(Ok));
        match (access, agent) {
            (Some(access), Some(agent)) => {
                let context = access
                    .context
                    .max_reply_bytes(access.reply_limit)
                    .within(access.time_limit);
                let client = Client::new_with_client(&access.base_url, access.client, context);
                Ok(Dialer::new(
                    Account::Slng(Slng {
                        client,
                        agent,
                        as_text: self.as_text,
                    }),
                    access.trust,
                    access.peer,
                ))
            }
            _ => Err(problems.into_error()),
        }
    }
}

/// An account at SLNG.
#[derive(Clone, Debug)]
pub(crate) struct Slng {
    pub(crate) client: Client,
    agent: Uuid,
    as_text: bool,
}

impl Slng {
    pub(crate) fn within(&self, limit: Duration) -> Self {
        Self {
            client: self.client.within(limit),
            ..self.clone()
        }
    }

    pub(crate) async fn dial(&self, call: &Call) -> Answer {
        let request = match request(call, self.as_text) {
            Ok(request) => request,
            Err(problems) => return Answer::invalid(problems),
        };
        let (client, recording) = self.client.recorded();
        let result = client
            .dispatch_call()
            .agent_id(self.agent)
            .body(request)
            .send()
            .await;
        Answer::new(result, recording.was_sent(), recording.take())
    }
}

/// `/components/schemas/AgentCallCreate`; what the generated type cannot hold,
/// or does not check, is refused here.
fn request(call: &Call, as_text: bool) -> Result<types::AgentCallCreate, Vec<FieldError>> {
    let mut problems = Vec::new();
    let mut arguments = BTreeMap::new();
    let mut characters = 0;
    for (name, value) in call.variables() {
        let loc = ["arguments", name];
        let text = match value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Number(_) | Value::Bool(_) if as_text => Cow::Owned(value.to_string()),
            _ => {
                let given = type_name(value);
                let length = value.to_string().chars().count();
                let problem =
                    format!("SLNG takes text only, and this is {given} ({length} characters)");
                problems.push(FieldError::ours(&loc, problem));
                continue;
            }
        };
        let length = text.chars().count();
        characters += length;
        match types::AgentCallCreateArgumentsValue::try_from(&*text) {
            Ok(text) => {
                arguments.insert(name.clone(), text);
            }
            Err(error) => {
                problems.push(FieldError::ours(&loc, format!("{error} ({length} given)")));
            }
        }
    }
    let count = call.variables().len();
    if count > MAX_VARIABLES {
        let problem = format!("{count} variables, and SLNG takes at most {MAX_VARIABLES}");
        problems.push(FieldError::ours(&["arguments"], problem));
    }
    if characters > MAX_CHARACTERS {
        let problem =
            format!("{characters} characters in all, and SLNG takes at most {MAX_CHARACTERS}");
        problems.push(FieldError::ours(&["arguments"], problem));
    }
    if let Destination::Template { template } = call.destination()
        && !template
            .split_once("{{")
            .is_some_and(|(_, rest)| rest.contains("}}"))
    {
        let length = template.chars().count();
        let problem = format!(
            "a template holds a placeholder such as {{{{phone}}}} ({length} characters given)"
        );
        problems.push(FieldError::ours(&["phone_number"], problem));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    types::AgentCallCreate::builder()
        .phone_number(call.destination().as_str())
        .arguments(arguments)
        .try_into()
        .map_err(|error: types::error::ConversionError| {
            vec![FieldError::ours(&[], error.to_string())]
        })
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_named_at_once_and_the_server_is_the_documents() {
        let error = Dialer::slng()
            .read_lookup(&|_| None)
            .build()
            .expect_err("nothing is set");
        assert_eq!(
            error.to_string(),
            "the SLNG dialer is not configured: `api_key` (SLNG_API_KEY) is not set; \
             `agent_id` (SLNG_AGENT_ID) is not set"
        );
        assert_eq!(error.vendor(), Vendor::Slng);
        assert_eq!(slng_api::SERVERS[0].url, "https://api.agents.slng.ai");
    }

    proptest::proptest! {
        #[test]
        fn a_call_is_valid_exactly_within_the_limits(
            lengths in proptest::collection::vec(0_usize..1100, 0..40),
            number in proptest::option::of(0_usize..40),
            as_text: bool,
        ) {
            let call = lengths.iter().enumerate().fold(
                Call::to("+14155551234".parse().expect("a number")),
                |call, (n, length)| match number {
                    Some(at) if at == n => call.variable(format!("v{n}"), 7),
                    _ => call.variable(format!("v{n}"), "é".repeat(*length)),
                },
            );
            let is_number = |n: &usize| number == Some(*n);
            let has_number = (0..lengths.len()).any(|n| is_number(&n));
            let texts = || lengths.iter().enumerate().filter(|(n, _)| !is_number(n)).map(|(_, length)| length);
            let total = texts().sum::<usize>() + usize::from(has_number && as_text);
            let valid = lengths.len() <= 32
                && texts().all(|length| *length <= 1024)
                && total <= 8192
                && (as_text || !has_number);
            proptest::prop_assert_eq!(request(&call, as_text).is_ok(), valid);
            if let Err(problems) = request(&call, as_text) {
                let too_long = texts().filter(|length| **length > 1024).count();
                let others = [lengths.len() > 32, total > 8192, has_number && !as_text];
                let expected = too_long + others.iter().filter(|other| **other).count();
                proptest::prop_assert_eq!(problems.len(), expected, "all are reported together");
            }
        }
    }

    #[test]
    fn numbers_and_booleans_are_text_only_when_asked_for() {
        let call = Call::to_template("{{phone}}")
            .variable("n", 1.5)
            .variable("b", true)
            .variable("z", Value::Null);
        let problems = request(&call, false).expect_err("three");
        let locs: Vec<_> = problems
            .iter()
            .map(|problem| problem.loc[1].as_str())
            .collect();
        assert_eq!(locs.len(), 3);
        let problems = request(&call, true).expect_err("null is no text");
        assert_eq!(
            problems[0].to_string(),
            "arguments.z: SLNG takes text only, and this is null (4 characters)"
        );
        for template in ["", "4155551234", "{{", "}}{{", "+14155551234"] {
            let problems = request(&Call::to_template(template), false).expect_err(template);
            let problem = problems[0].to_string();
            assert!(
                problem
                    .starts_with("phone_number: a template holds a placeholder such as {{phone}}")
            );
        }
        let call = Call::to_template("{{phone}}")
            .variable("n", 1.5)
            .variable("b", true);
        let sent = serde_json::to_value(request(&call, true).expect("text")).expect("JSON");
        assert_eq!(
            sent,
            serde_json::json!({"phone_number": "{{phone}}", "arguments": {"n": "1.5", "b": "true"}})
        );
    }
}
