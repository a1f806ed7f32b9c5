//! SLNG: `POST /v1/agents/{agent_id}/calls`.

use std::{collections::BTreeMap, env, ffi::OsString};

use reqwest::Client as HttpClient;
use secrecy::SecretString;
use serde_json::Value;
use slng_api::{CallContext, Client, types};
use uuid::Uuid;

use crate::{
    Call, ConfigError, Dialer, FieldError, Transport, Vendor,
    attempt::Attempt,
    config::{Access, Env, Http, Problems, Setting, set_from},
    dialer::Account,
};

/// `/components/schemas/AgentCallCreate/properties/arguments/maxProperties`.
const MAX_VARIABLES: usize = 32;
/// `/components/schemas/AgentCallCreate/properties/arguments/description`, in
/// characters over all values.
const MAX_CHARACTERS: usize = 8192;

/// Sets up a [`Dialer`] for an account at SLNG; see [`Dialer::slng`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SlngBuilder {
    access: Access,
    agent: Setting<Uuid>,
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

    /// The server; the one of the document (see [`slng_api::SERVERS`]) unless
    /// set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.access.base_url = Setting::Set(url.into());
        self
    }

    /// The connection's limits and routes.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.access.http = Http::Ours(transport);
        self
    }

    /// Sends through a client of your own, whose settings cannot be checked: it
    /// may follow redirects or send a request twice. Nothing that it reports
    /// then proves that no call was placed, so every error but an invalid call
    /// is [`Outcome::Unknown`](crate::Outcome::Unknown), and a success is one
    /// only if no redirect led to it.
    pub fn unverified_client(mut self, client: HttpClient) -> Self {
        self.access.http = Http::Callers(client);
        self
    }

    /// Reads `SLNG_API_KEY`, `SLNG_AGENT_ID` and `SLNG_BASE_URL`, over what was
    /// set before. One that is empty counts as not set.
    pub fn read_env(self) -> Self {
        self.read_lookup(&|name| env::var_os(name))
    }

    pub(crate) fn read_lookup(mut self, lookup: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let env = Env(lookup);
        self.access.read(&env, "SLNG_API_KEY", "SLNG_BASE_URL");
        set_from(&mut self.agent, env.uuid("SLNG_AGENT_ID"));
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
        let access = self.access.check(
            &mut problems,
            "no API key: call `api_key` or set SLNG_API_KEY",
            "no base URL: call `base_url` or set SLNG_BASE_URL",
            CallContext::new,
        );
        let agent = problems.keep(
            self.agent
                .required("no agent: call `agent_id` or set SLNG_AGENT_ID"),
        );
        match (access, agent) {
            (Some(access), Some(agent)) => {
                let context = access.context.max_reply_bytes(access.reply_limit);
                let client = Client::new_with_client(&access.base_url, access.client, context);
                Ok(Dialer::new(
                    Account::Slng(Slng { client, agent }),
                    access.trust,
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
}

impl Slng {
    pub(crate) async fn dial(&self, call: &Call) -> Attempt {
        let request = match request(call) {
            Ok(request) => request,
            Err(problems) => return Attempt::invalid(problems),
        };
        let (client, recording) = self.client.recorded();
        let result = client
            .dispatch_call()
            .agent_id(self.agent)
            .body(request)
            .send()
            .await;
        Attempt::sent(result, recording.take())
    }
}

/// `/components/schemas/AgentCallCreate`; what the generated type cannot hold,
/// or does not check, is refused here.
fn request(call: &Call) -> Result<types::AgentCallCreate, Vec<FieldError>> {
    let mut problems = Vec::new();
    let mut arguments = BTreeMap::new();
    let mut characters = 0;
    for (name, value) in call.variables() {
        let loc = ["arguments", name];
        let Value::String(text) = value else {
            let given = type_name(value);
            problems.push(FieldError::ours(
                &loc,
                format!("SLNG takes text only, and this is {given}"),
            ));
            continue;
        };
        let length = text.chars().count();
        characters += length;
        match types::AgentCallCreateArgumentsValue::try_from(text.as_str()) {
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
        .phone_number(call.number().as_str())
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
            "the SLNG dialer is not configured: no API key: call `api_key` or set SLNG_API_KEY; \
             no agent: call `agent_id` or set SLNG_AGENT_ID"
        );
        assert_eq!(error.vendor(), Vendor::Slng);
        assert_eq!(slng_api::SERVERS[0].url, "https://api.agents.slng.ai");
    }
}
