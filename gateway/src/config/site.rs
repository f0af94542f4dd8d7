//! Pages without a backend of their own.

use secrecy::SecretString;
use serde::Deserialize;
use triptych_protocol::{Credits, Scope};

use super::check::{Env, origin, secret, web_address};
use super::file::Amount;
use super::{Config, Tenant};

/// What a visitor's name begins with: `site:KEY/VISITOR`.
pub(crate) const VISITOR: &str = "site:";

/// A page without a backend, whose visitors get small grants: the table `[[sites]]`.
#[derive(Clone, Debug)]
pub struct Site {
    /// What the page names itself by, for everybody to read: `site_pk_…`.
    pub key: String,
    /// Whose it is.
    pub tenant: String,
    /// The only pages that it works from.
    pub origins: Vec<String>,
    /// What a visitor gets each day; what is left of it goes at midnight (UTC).
    pub daily_grant: Credits,
    /// What all visitors from one address get each day.
    pub grant_per_address: Credits,
    /// What all visitors may spend each day.
    pub spend_per_day: Option<Credits>,
    /// Tokens that are handed out in an hour, to everybody and to one address.
    pub sessions_per_hour: u32,
    /// Tokens that are handed out to one address in an hour.
    pub sessions_per_address: u32,
    /// What its tokens allow; everything where `None`.
    pub scopes: Option<Vec<Scope>>,
    /// The models that its tokens allow; all where `None`.
    pub models: Option<Vec<String>>,
    /// What a new visitor must do first.
    pub challenge: Option<Challenge>,
}

/// What a new visitor must do first.
#[derive(Clone, Debug)]
pub enum Challenge {
    /// Find a number whose hash begins with that many zero bits.
    Work {
        /// Each one doubles the work.
        bits: u8,
    },
    /// Convince a service of the operator's, which is asked in the shape of Turnstile's `siteverify`.
    Hook {
        /// Where it is.
        url: String,
        /// What it knows the gateway by.
        secret: Option<SecretString>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteTable {
    key: String,
    tenant: String,
    origins: Vec<String>,
    daily_grant: Amount,
    grant_per_address: Option<Amount>,
    spend_per_day: Option<Amount>,
    #[serde(default = "ten_thousand")]
    sessions_per_hour: u32,
    #[serde(default = "sixty")]
    sessions_per_address: u32,
    scopes: Option<Vec<Scope>>,
    models: Option<Vec<String>>,
    challenge: Option<ChallengeTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChallengeTable {
    work_bits: Option<u8>,
    url: Option<String>,
    secret_env: Option<String>,
}

/// The site that a visitor belongs to; `None` for users whom a backend knows.
pub(crate) fn site_of<'a>(config: &'a Config, user: &str) -> Option<&'a Site> {
    let (key, _) = user.strip_prefix(VISITOR)?.split_once('/')?;
    config.sites.iter().find(|site| site.key == key)
}

pub(super) fn sites(tables: Vec<SiteTable>, tenants: &[Tenant], env: Env<'_>) -> Result<Vec<Site>, String> {
    let mut sites: Vec<Site> = Vec::new();
    for (index, table) in tables.into_iter().enumerate() {
        let at = format!("sites[{index}]");
        let name = table.key.strip_prefix("site_pk_").unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || table.key.len() > 64 || !name.bytes().all(plain) {
            return Err(format!(
                "{at}.key: `{}` is not a site's key (write `site_pk_` and letters, digits and `-`)",
                table.key
            ));
        }
        if sites.iter().any(|site| site.key == table.key) {
            return Err(format!("{at}.key: `{}` is there twice", table.key));
        }
        if !tenants.iter().any(|tenant| tenant.id == table.tenant) {
            return Err(format!("{at}.tenant: there is no tenant `{}`", table.tenant));
        }
        for (number, text) in table.origins.iter().enumerate() {
            origin(&format!("{at}.origins[{number}]"), text)?;
        }
        if table.daily_grant.0 <= Credits::ZERO {
            return Err(format!("{at}.daily_grant: must be more than nothing"));
        }
        let grant_per_address = match table.grant_per_address {
            Some(amount) => amount.0,
            None => Credits::from_micro(table.daily_grant.0.micro().saturating_mul(5)),
        };
        sites.push(Site {
            challenge: table.challenge.map(|challenge| challenge.check(&at, env)).transpose()?,
            key: table.key,
            tenant: table.tenant,
            origins: table.origins,
            daily_grant: table.daily_grant.0,
            grant_per_address,
            spend_per_day: table.spend_per_day.map(|amount| amount.0),
            sessions_per_hour: table.sessions_per_hour,
            sessions_per_address: table.sessions_per_address,
            scopes: table.scopes,
            models: table.models,
        });
    }
    Ok(sites)
}

impl ChallengeTable {
    fn check(self, at: &str, env: Env<'_>) -> Result<Challenge, String> {
        match (self.work_bits, self.url) {
            (Some(bits @ 1..=30), None) if self.secret_env.is_none() => Ok(Challenge::Work { bits }),
            (None, Some(url)) => {
                let key = format!("{at}.challenge.secret_env");
                let secret = self.secret_env.map(|name| secret(env, &name, 1, &format!("{key} names it")));
                Ok(Challenge::Hook {
                    url: web_address(&format!("{at}.challenge.url"), &url)?,
                    secret: secret.transpose()?,
                })
            }
            _ => Err(format!(
                "{at}.challenge: write either {{ work_bits = 18 }} (1 to 30) or {{ url = \"https://…\", secret_env = \
                 \"…\" }}"
            )),
        }
    }
}

fn ten_thousand() -> u32 {
    10_000
}

fn sixty() -> u32 {
    60
}
