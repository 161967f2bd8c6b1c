//! The address of a PostgreSQL database, and how it is shown: without the password.

use crate::error::GradebookError;
use postgres::Config;
use postgres::config::Host;
use std::path::Path;
use std::time::Duration;

/// A server has this long to answer a connection, unless the address says otherwise.
const CONNECTING: Duration = Duration::from_secs(10);

/// What was sent has this long to arrive.
const ARRIVING: Duration = Duration::from_secs(30);

/// Where a server of this machine listens when the address names none: Debian's place.
const SOCKETS: &str = "/var/run/postgresql";

/// Where a database is, and what to call it.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) config: Config,
    /// `postgres://ada@db.example.org:5432/grades`.
    pub(super) name: String,
}

/// Whether a gradebook's name is that of a database.
pub(crate) fn is_address(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)).then_some(text)
}

impl Address {
    /// Reads a URL as libpq knows it. The password may come in `PGPASSWORD`, too.
    ///
    /// # Errors
    /// When it is none. The message shows nothing of it: what cannot be read may be a password.
    pub(super) fn parse(url: &str) -> Result<Self, GradebookError> {
        // A second `@` would be one of the password's, the rest of which would pass for the host.
        let single = url.matches('@').count() < 2;
        // libpq's word for a certificate that is looked at, as every one is here.
        let url = url.replace("sslmode=verify-full", "sslmode=require");
        let parsed = url.parse::<Config>().ok().filter(|_| single);
        let mut config = parsed.ok_or(GradebookError::Address)?;
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path(SOCKETS);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTING);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(ARRIVING);
        }
        if config.get_application_name().is_none() {
            config.application_name("cellist");
        }
        let name = name(&config);
        Ok(Self { config, name })
    }

    /// Whether nothing goes over a network.
    pub(super) fn is_local(&self) -> bool {
        let hosts = self.config.get_hosts();
        !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_)))
    }
}

fn name(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |at: usize| match ports {
        [] => String::new(),
        [one] => format!(":{one}"),
        several => several.get(at).map(|port| format!(":{port}")).unwrap_or_default(),
    };
    let mut hosts: Vec<String> = Vec::new();
    for (at, host) in config.get_hosts().iter().enumerate() {
        let host = match host {
            Host::Tcp(host) => host.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        };
        hosts.push(host + &port(at));
    }
    if hosts.is_empty() {
        let addresses = config.get_hostaddrs().iter().enumerate();
        hosts = addresses.map(|(at, host)| format!("{host}{}", port(at))).collect();
    }
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let database = config.get_dbname().map(|name| format!("/{name}")).unwrap_or_default();
    format!("postgres://{user}{}{database}", hosts.join(","))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_password_is_never_part_of_the_name() {
        for url in [
            "postgres://ada:sesame@db:5433/grades",
            "postgresql://ada@db:5433/grades?password=sesame",
            "postgres://ada:ses%40ame@db:5433/grades?application_name=sesame",
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.name, "postgres://ada@db:5433/grades");
            assert!(!format!("{address:?}").contains("password: Some(\"ses"));
        }
        let address = Address::parse("postgres://%2Frun%2Fpg/grades").unwrap();
        assert_eq!(address.name, "postgres:///run/pg:5432/grades");
        assert!(address.is_local());
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        for url in [
            "postgres://ada:ses@me@db/grades",
            "postgres://ada:s@sesame/w?rd@db",
            "postgres://db/grades?sesame=1",
            "postgres://db:sesame/grades",
        ] {
            let error = Address::parse(url).unwrap_err().to_string();
            assert!(!error.contains("sesame") && !error.contains("ses@me"), "{error}");
        }
    }
}
