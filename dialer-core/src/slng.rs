//! SLNG: `POST /v1/agents/{agent_id}/calls`.

use std::{borrow::Cow, collections::BTreeMap, env, ffi::OsString, time::Duration};

use reqwest::Client as HttpClient;
use secrecy::SecretString;
use serde_json::Value;
use slng_api::{CallContext, Client, types};
use uuid::Uuid;

use crate::{
    Call, ConfigError, Dialer, FieldError, Transport, Vendor,
    config::{Access, Env, Name, Problems, Setting, set_from},
    dialer::Account,
    exchange::Answer,
};

/// `/components/schemas/AgentCallCreate/properties/arguments/maxProperties`.
const MAX_VARIABLES: usize = 32;
/// `/components/schemas/AgentCallCreate/properties/arguments/description`, in
/// characters over all values.
const MAX_CHARACTERS: usize = 8192;

const API_KEY: Name = Name {
    setter: "api_key",
    variable: "SLNG_API_KEY",
};
const BASE_URL: Name = Name {
    setter: "base_url",
    variable: "SLNG_BASE_URL",
};
const AGENT: Name = Name {
    setter: "agent_id",
    variable: "SLNG_AGENT_ID",
};

/// Sets up a [`Dialer`] for an account at SLNG; see [`Dialer::slng`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SlngBuilder {
    access: Access,
    agent: Setting<Uuid>,
    as_text: bool,
}

impl SlngBuilder {
    /// The API key, sent as a bearer token. Required.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.access.api_key = Setting::Set(key.into());
        self
    }

    /// The agent that speaks. Required; it must be configured with an outbound
    /// connection.
    pub fn agent_id(mut self, id: Uuid) -> Self {
        self.agent = Setting::Set(id);
        self
    }

    /// Sends a variable that is a number or a boolean as its text (`3`,
    /// `true`). SLNG takes text only; without this, such a variable is an
    /// error.
    pub fn variables_as_text(mut self) -> Self {
        self.as_text = true;
        self
    }

    /// The server; the one of the document (see [`slng_api::SERVERS`]) unless
    /// set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.access.base_url = Setting::Set(url.into());
        self
    }

    /// The connection's limits and routes.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.access.transport = transport;
        self
    }

    /// Sends through a client of your own, whose settings cannot be checked: it
    /// may follow redirects or send a request twice. Nothing that it reports
    /// then proves that no call was placed, so every error but an invalid call
    /// is [`Outcome::Unknown`](crate::Outcome::Unknown). A 2xx is a receipt;
    /// where a redirect led to it, only if it names a call. (A redirect back to
    /// the same address cannot be seen.)
    ///
    /// Of the [`transport`](Self::transport), the limits on time and on the
    /// reply, and the rule on plain HTTP, still count.
    pub fn unverified_client(mut self, client: HttpClient) -> Self {
        self.access.callers = Some(client);
        self
    }

    /// Reads `SLNG_API_KEY`, `SLNG_AGENT_ID` and `SLNG_BASE_URL`, over what was
    /// set before. One that is empty counts as not set.
    pub fn read_env(self) -> Self {
        self.read_lookup(&|name| env::var_os(name))
    }

    pub(crate) fn read_lookup(mut self, lookup: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let env = Env(lookup);
        self.access.read(&env, API_KEY, BASE_URL);
        set_from(&mut self.agent, env.uuid(AGENT.variable));
        self
    }

    /// The dialer.
    ///
    /// # Errors
    ///
    /// Names everything that is missing or malformed.
    pub fn build(mut self) -> Result<Dialer, ConfigError> {
        let mut problems = Problems::of(Vendor::Slng);
        if let (Setting::Unset, Some(server)) = (&self.access.base_url, slng_api::SERVERS.first()) {
            self.access.base_url = Setting::Set(server.url.to_owned());
        }
        let access = self
            .access
            .check(&mut problems, API_KEY, BASE_URL, CallContext::new);
        let agent = problems.keep(self.agent.required(AGENT));
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
                let problem = format!("SLNG takes text only, and this is {given}");
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
}
