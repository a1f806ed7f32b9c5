//! Generates this crate's client from the `openapi.json` beside it.
//!
//! The same file serves every API crate; `xtask` includes it too, so that
//! `cargo xtask expand` prints what the build makes.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

use openapiv3::{APIKeyLocation, OpenAPI, ReferenceOr, SecurityScheme};
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=openapi.json");
    let document = fs::read_to_string("openapi.json")
        .map_err(|e| format!("openapi.json: {e}; `cargo xtask generate` writes it"))?;
    let spec: OpenAPI = serde_json::from_str(&document)
        .map_err(|e| format!("openapi.json is not an OpenAPI 3.0 document: {e}"))?;

    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("client.rs"), client(&spec)?)?;
    fs::write(out.join("document.rs"), constants(&spec)?)?;
    if env::var_os("CARGO_FEATURE_MOCK").is_some() {
        fs::write(out.join("mock.rs"), mock(&spec)?)?;
    }
    Ok(())
}

/// The client with its types, as formatted source.
pub(crate) fn client(spec: &OpenAPI) -> Result<String, Box<dyn Error>> {
    let tokens = Generator::new(&settings()?).generate_tokens(spec)?;
    let mut file: syn::File = syn::parse2(tokens)?;
    remove_new(&mut file)?;
    optional_extra(&prettyplease::unparse(&file))
}

/// Removes `Client::new`: its HTTP client follows redirects, which would carry
/// the key to another host, and cannot tell a connection that stalls from a
/// reply that does not come.
fn remove_new(file: &mut syn::File) -> Result<(), &'static str> {
    let is_new =
        |item: &syn::ImplItem| matches!(item, syn::ImplItem::Fn(item) if item.sig.ident == "new");
    for item in &mut file.items {
        if let syn::Item::Impl(item) = item
            && item.trait_.is_none()
            && let Some(at) = item.items.iter().position(is_new)
        {
            item.items.remove(at);
            return Ok(());
        }
    }
    Err("the generated client has no `new` any more; mend `remove_new`")
}

/// The map of a reply's undocumented fields (`extra`): the generator's builders
/// ask for it as for a required property, though it may well be empty.
fn optional_extra(code: &str) -> Result<String, Box<dyn Error>> {
    const REQUIRED: &str = r#"extra: Err("no value supplied for extra".to_string())"#;
    let maps = code
        .matches("#[serde(flatten)]\n        pub extra:")
        .count();
    let fields = code.matches("pub extra:").count();
    let required = code.matches(REQUIRED).count();
    if maps != fields || maps != required {
        return Err(format!(
            "{maps} maps of undocumented fields, {fields} fields called `extra`, {required} required in builders: \
             all should be equal; a property called `extra`, or a new generator, needs `optional_extra` mended"
        )
        .into());
    }
    Ok(code.replace(REQUIRED, "extra: Ok(Default::default())"))
}

/// The typed `httpmock` server, as formatted source.
pub(crate) fn mock(spec: &OpenAPI) -> Result<String, Box<dyn Error>> {
    let tokens = Generator::new(&settings()?).httpmock(spec, "crate")?;
    Ok(prettyplease::unparse(&syn::parse2(tokens)?))
}

fn settings() -> Result<GenerationSettings, Box<dyn Error>> {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_derive("PartialEq")
        .with_derive("::schemars::JsonSchema")
        .with_map_type("::std::collections::BTreeMap")
        .with_inner_type("crate::CallContext".parse()?)
        .with_hooks(HooksMode::Expected);
    Ok(settings)
}

/// What the crate takes from the document besides the client.
pub(crate) fn constants(spec: &OpenAPI) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    let servers = spec.servers.iter().map(|server| {
        let description = server.description.as_deref().unwrap_or_default();
        format!(
            "Server {{ url: {:?}, description: {description:?} }}",
            server.url
        )
    });
    let servers = servers.collect::<Vec<_>>().join(", ");
    let (header, prefix) = credential(spec)?;
    writeln!(
        out,
        "/// The version of the vendor's document (`/info/version`)."
    )?;
    writeln!(out, "pub const VERSION: &str = {:?};", spec.info.version)?;
    writeln!(
        out,
        "/// The servers that the vendor's document lists (`/servers`)."
    )?;
    writeln!(out, "pub const SERVERS: &[Server] = &[{servers}];")?;
    writeln!(
        out,
        "pub(crate) const CREDENTIAL_HEADER: &str = {header:?};"
    )?;
    writeln!(
        out,
        "pub(crate) const CREDENTIAL_PREFIX: &str = {prefix:?};"
    )?;
    Ok(out)
}

/// The header that carries the key, and what stands before the key in it.
fn credential(spec: &OpenAPI) -> Result<(String, &'static str), String> {
    let schemes = spec.components.iter().flat_map(|c| &c.security_schemes);
    let [(name, ReferenceOr::Item(scheme))] = schemes.collect::<Vec<_>>()[..] else {
        return Err("/components/securitySchemes: exactly one scheme is supported".into());
    };
    match scheme {
        SecurityScheme::APIKey {
            location: APIKeyLocation::Header,
            name,
            ..
        } => Ok((name.to_ascii_lowercase(), "")),
        SecurityScheme::HTTP { scheme, .. } if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(("authorization".into(), "Bearer "))
        }
        _ => Err(format!(
            "/components/securitySchemes/{name}: only a key in a header and HTTP bearer are supported"
        )),
    }
}
