//! Who gets in: whoever has the address that was printed, from a page of this server.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, HeaderName, LOCATION, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

/// Nothing but this server's own files; no plug-ins, no `<base>`, no frame around it. Frames of the
/// pages have no address (`srcdoc`) and get the same policy.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const OUTSIDE: &str =
    "This page opens with the address that `cellist serve` printed, its token included.\n";

/// What opens the door, made anew with each start.
#[derive(Debug)]
pub(crate) struct Gate {
    token: String,
    session: String,
    form: String,
    cookie: String,
    local: bool,
}

impl Gate {
    /// For a server on this port; a `local` one answers only to names of the loopback.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn new(port: u16, local: bool) -> Result<Self, getrandom::Error> {
        Ok(Self {
            token: secret()?,
            session: secret()?,
            form: secret()?,
            // Browsers send cookies to all ports of a host: two servers must not overwrite each other's.
            cookie: format!("cellist-{port}"),
            local,
        })
    }

    /// What the printed address ends with.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// What each form carries in `csrf`.
    pub(crate) fn form(&self) -> &str {
        &self.form
    }

    /// Whether a form carried it.
    pub(crate) fn is_own_form(&self, sent: &str) -> bool {
        same(sent, &self.form)
    }

    /// A name that somebody else's DNS may lead here gets nothing (DNS rebinding): addresses and
    /// `localhost` only. The port is free, for tunnels.
    fn knows_host(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let Ok(host) = host.to_str() else { return false };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
            _ => host,
        };
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        match address.unwrap_or(name).parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || !self.local,
            Err(_) => false,
        }
    }

    fn has_session(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';'));
        pairs.any(|pair| match pair.trim().split_once('=') {
            Some((name, value)) => name == self.cookie && same(value, &self.session),
            None => false,
        })
    }

    /// The answer to the printed address: a cookie, and the same page without the token in its address.
    fn enter(&self, method: &Method, uri: &Uri) -> Option<Response> {
        let token = uri.query()?.strip_prefix("token=")?;
        if uri.path() != "/" || method != Method::GET || !same(token, &self.token) {
            return None;
        }
        let (name, session) = (&self.cookie, &self.session);
        let cookie = format!("{name}={session}; Path=/; HttpOnly; SameSite=Strict");
        let home = [(SET_COOKIE, cookie), (LOCATION, "/".to_owned())];
        Some((StatusCode::SEE_OTHER, home).into_response())
    }
}

/// Lets a request through, or not; every answer gets the headers.
pub(crate) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    // Browsers tell where a request comes from; other programs need not.
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let own = matches!(site, None | Some(b"same-origin"));
    let mut response = if !gate.knows_host(headers) {
        let text = "This server answers to `localhost` and to addresses, not to this name.\n";
        (StatusCode::FORBIDDEN, text).into_response()
    } else if let Some(entered) = gate.enter(request.method(), request.uri()) {
        entered
    } else if !gate.has_session(headers) || (request.method() == Method::POST && !own) {
        (StatusCode::FORBIDDEN, OUTSIDE).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    put(CONTENT_SECURITY_POLICY, POLICY);
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(X_FRAME_OPTIONS, "DENY");
    put(REFERRER_POLICY, "no-referrer");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(CACHE_CONTROL, "no-store");
    response
}

/// 256 random bits in hexadecimal digits.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Compares hashes: how long that takes tells nothing of the secret.
fn same(sent: &str, secret: &str) -> bool {
    Sha256::digest(sent) == Sha256::digest(secret)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_known() {
        let known = |local: bool, host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            Gate::new(1, local).unwrap().knows_host(&headers)
        };
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8", "[::1]:8", "127.0.0.1", "[::1]"] {
            assert!(known(true, host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "", ":80", "localhost:80:80"] {
            assert!(!known(true, host) && !known(false, host), "{host}");
        }
        assert!(!known(true, "10.0.0.7:8") && known(false, "10.0.0.7:8"));
        assert!(!Gate::new(1, true).unwrap().knows_host(&HeaderMap::new()));
    }
}
