//! The gateway's configuration file for a demo.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, bail};

pub(crate) const TOKEN_KEY_ENV: &str = "TRIPTYCH_TOKEN_KEY";
pub(crate) const ADMIN_SECRET_ENV: &str = "TRIPTYCH_ADMIN_SECRET";
pub(crate) const TENANT_SECRET_ENV: &str = "TRIPTYCH_TENANT_SECRET";
/// The catalogue's models that chat completions serve; all of them go to a bare upstream.
const CHAT_MODELS: [&str; 3] = ["gpt-5.4", "gpt-5.4-turbo", "gpt-4o-audio"];

pub(crate) struct GatewayConfig<'a> {
    pub(crate) port: u16,
    pub(crate) state: &'a Path,
    pub(crate) widget: &'a Path,
    pub(crate) pages: &'a Path,
    pub(crate) tenant: &'a str,
    pub(crate) user: &'a str,
    pub(crate) origins: &'a [String],
    pub(crate) simulator: &'a str,
    pub(crate) upstream: Option<&'a Upstream>,
}

/// A real provider for chat.
pub(crate) struct Upstream {
    pub(crate) url: String,
    pub(crate) key_env: Option<String>,
    pub(crate) model: Option<String>,
}

impl GatewayConfig<'_> {
    pub(crate) fn toml(&self) -> String {
        let mut text = String::from("# Written anew by every `cargo xtask demo`.\n");
        let mut line = |args: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _ = text.write_fmt(args);
            text.push('\n');
        };
        line(format_args!("listen = {}", quoted(&format!("127.0.0.1:{}", self.port))));
        line(format_args!(
            "database = {}",
            quoted(&format!("sqlite:{}", path(&self.state.join("triptych.db"))))
        ));
        line(format_args!("media = {}", quoted(&path(&self.state.join("media")))));
        line(format_args!("widget = {}", quoted(&path(self.widget))));
        let top_up = format!("http://127.0.0.1:{}/top-up.html", self.port);
        line(format_args!("\n[credits]\nlow_at = 50\ntop_up_url = {}", quoted(&top_up)));
        line(format_args!("\n[demo]\nenabled = true"));
        line(format_args!("pages = {}\nuser = {}", quoted(&path(self.pages)), quoted(self.user)));
        line(format_args!("\n[[tenants]]\nid = {}", quoted(self.tenant)));
        line(format_args!("secret_env = {}", quoted(TENANT_SECRET_ENV)));
        let origins: Vec<String> = self.origins.iter().map(|origin| quoted(origin)).collect();
        line(format_args!("origins = [{}]", origins.join(", ")));
        // For www/site-key.html. The demo adds its own origin.
        line(format_args!(
            "\n[[sites]]\nkey = \"site_pk_demo\"\ntenant = {}\norigins = []",
            quoted(self.tenant)
        ));
        line(format_args!("daily_grant = 20\nchallenge = {{ work_bits = 14 }}"));
        if let Some(upstream) = self.upstream {
            line(format_args!("\n[[providers]]\nid = \"upstream\"\nkind = \"openai\""));
            line(format_args!("base_url = {}\nserves = [\"chat\", \"audio\"]", quoted(&upstream.url)));
            // A model on one's own machine may think long before its first word, and its server may be older than
            // OpenAI's new name for the limit of an answer.
            line(format_args!("first_byte_timeout_ms = 300000"));
            if !upstream.url.starts_with("https://api.openai.com/") {
                line(format_args!("max_tokens_field = \"max_tokens\""));
            }
            if let Some(name) = &upstream.key_env {
                line(format_args!("key_env = {}", quoted(name)));
            }
            if let Some(model) = &upstream.model {
                let pairs = CHAT_MODELS.map(|id| format!("{} = {}", quoted(id), quoted(model)));
                line(format_args!("model_map = {{ {} }}", pairs.join(", ")));
            }
        }
        let serves = if self.upstream.is_some() { "" } else { "\"chat\", \"audio\", " };
        line(format_args!("\n[[providers]]\nid = \"simulator\"\nkind = \"openai\""));
        line(format_args!("base_url = {}", quoted(&format!("{}/v1", self.simulator))));
        line(format_args!("serves = [{serves}\"image\", \"video\", \"speech\", \"transcription\"]"));
        text
    }
}

/// Whether something is an `http://` or `https://` address with a host; said in words when not.
pub(crate) fn check_url(url: &str) -> Result<()> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let Some(rest) = rest else { bail!("it has to begin with http:// or https://") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        bail!("a user name or password has no place in it; name the key's variable with --key-env");
    }
    if authority.is_empty() || authority.starts_with(':') || url.contains(char::is_whitespace) {
        bail!("it names no host");
    }
    if url.contains(['?', '#']) {
        bail!("it has to be a base address, without a query, such as http://127.0.0.1:11434/v1");
    }
    if let Some((_, port)) = authority.rsplit_once(':')
        && !authority.ends_with(']')
        && port.parse::<u16>().is_err()
    {
        bail!("{port:?} is no port");
    }
    Ok(())
}

/// A TOML basic string; JSON's escapes are all valid there.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::check_url;

    #[test]
    fn an_address_without_scheme_host_or_port_number_is_refused() {
        for bad in [
            "127.0.0.1:8000",
            "ftp://host",
            "http://",
            "http://:80",
            "http://a b",
            "http://h:x/v1",
            "http://u:p@h",
            "http://h/?k=1",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
        for good in
            ["http://127.0.0.1:18000/v1", "https://api.example.com", "http://[::1]:80/v1", "http://[::1]"]
        {
            assert!(check_url(good).is_ok(), "{good}");
        }
    }
}
