//! The connection file: where Jupyter tells a kernel which ports to open and which key to use.
//!
//! Format: <https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files>.

use serde_json::{Map, Value};
use std::fmt;
use std::path::{Path, PathBuf};

/// How clients reach the sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP: `ip` is an address, ports are ports.
    Tcp,
    /// Unix sockets: `ip` is a path prefix, a port is the number after `-`.
    Ipc,
}

/// One of the five sockets of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    /// Requests that run in order.
    Shell,
    /// Requests that must not wait: interrupt, shutdown.
    Control,
    /// What the kernel says to everyone.
    Iopub,
    /// Questions of the kernel to one client.
    Stdin,
    /// Echo, by which clients see that the process lives.
    Heartbeat,
}

impl Socket {
    /// The field of the connection file that holds this socket's port.
    pub fn field(self) -> &'static str {
        match self {
            Self::Shell => "shell_port",
            Self::Control => "control_port",
            Self::Iopub => "iopub_port",
            Self::Stdin => "stdin_port",
            Self::Heartbeat => "hb_port",
        }
    }
}

/// A connection file, read and checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where it was read from; for messages.
    pub path: PathBuf,
    /// TCP or Unix sockets.
    pub transport: Transport,
    /// Address, host name or, for [`Transport::Ipc`], path prefix.
    pub ip: String,
    /// Port of the shell socket.
    pub shell_port: u16,
    /// Port of the control socket.
    pub control_port: u16,
    /// Port of the iopub socket.
    pub iopub_port: u16,
    /// Port of the stdin socket.
    pub stdin_port: u16,
    /// Port of the heartbeat socket.
    pub hb_port: u16,
    /// Key of the HMAC-SHA256 signatures; empty means unsigned.
    pub key: String,
}

/// Everything but the key, which must not reach a log.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("path", &self.path)
            .field("transport", &self.transport)
            .field("ip", &self.ip)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a connection file.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// There is no such file.
    #[error(
        "connection file `{}` does not exist\nJupyter writes this file when it starts a kernel: \
         open a notebook with `cellist lab` or `jupyter lab` and choose the kernel there",
        path.display()
    )]
    Missing {
        /// The path given.
        path: PathBuf,
    },
    /// It exists but cannot be read.
    #[error("connection file `{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The path given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error(
        "connection file `{}` is not JSON: {source}\nstart the kernel again from Jupyter, which \
         writes a fresh file",
        path.display()
    )]
    NotJson {
        /// The path given.
        path: PathBuf,
        /// Where the parser stopped.
        source: serde_json::Error,
    },
    /// It is JSON, but not an object.
    #[error(
        "connection file `{}` holds {found} instead of a JSON object with `shell_port` and the like",
        path.display()
    )]
    NotAnObject {
        /// The path given.
        path: PathBuf,
        /// What was found.
        found: &'static str,
    },
    /// A required field is not there.
    #[error(
        "connection file `{}` has no field `{field}`\nstart the kernel again from Jupyter, which \
         writes a complete file",
        path.display()
    )]
    NoField {
        /// The path given.
        path: PathBuf,
        /// The field's name.
        field: &'static str,
    },
    /// Jupyter wants the sockets encrypted.
    #[error(
        "connection file `{}` asks for CurveZMQ encryption (`curve_publickey`), which this kernel \
         does not have\nset `KernelManager.transport_encryption` to `disabled` or `auto` in \
         Jupyter's configuration",
        path.display()
    )]
    Curve {
        /// The path given.
        path: PathBuf,
    },
    /// A field holds something it may not hold.
    #[error("connection file `{}`: field `{field}` is {found}, expected {expected}", path.display())]
    BadField {
        /// The path given.
        path: PathBuf,
        /// The field's name.
        field: &'static str,
        /// What was found.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
}

impl Connection {
    /// Reads and checks a connection file.
    ///
    /// # Errors
    /// When the file is missing, unreadable, not JSON, or lacks or garbles a field.
    pub fn read(path: &Path) -> Result<Self, ConnectionError> {
        let text = std::fs::read(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ConnectionError::Missing { path: path.to_owned() },
            _ => ConnectionError::Unreadable { path: path.to_owned(), source },
        })?;
        Self::parse(path, &text)
    }

    /// Checks the content of a connection file; `path` is for the messages.
    ///
    /// # Errors
    /// When the content is not JSON, or lacks or garbles a field.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, ConnectionError> {
        let value: Value = serde_json::from_slice(text)
            .map_err(|source| ConnectionError::NotJson { path: path.to_owned(), source })?;
        let Value::Object(map) = value else {
            return Err(ConnectionError::NotAnObject {
                path: path.to_owned(),
                found: kind(&value),
            });
        };
        let fields = Fields { path, map: &map };
        let transport = fields.transport()?;
        fields.check_scheme()?;
        if fields.text("curve_publickey")?.is_some() {
            return Err(ConnectionError::Curve { path: path.to_owned() });
        }
        Ok(Self {
            path: path.to_owned(),
            transport,
            ip: fields.required_text("ip")?.to_owned(),
            shell_port: fields.port(Socket::Shell)?,
            control_port: fields.port(Socket::Control)?,
            iopub_port: fields.port(Socket::Iopub)?,
            stdin_port: fields.port(Socket::Stdin)?,
            hb_port: fields.port(Socket::Heartbeat)?,
            key: fields.text("key")?.unwrap_or_default().to_owned(),
        })
    }

    /// The port of one socket.
    pub fn port(&self, socket: Socket) -> u16 {
        match socket {
            Socket::Shell => self.shell_port,
            Socket::Control => self.control_port,
            Socket::Iopub => self.iopub_port,
            Socket::Stdin => self.stdin_port,
            Socket::Heartbeat => self.hb_port,
        }
    }
}

struct Fields<'a> {
    path: &'a Path,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    fn transport(&self) -> Result<Transport, ConnectionError> {
        match self.text("transport")? {
            None | Some("tcp") => Ok(Transport::Tcp),
            Some("ipc") => Ok(Transport::Ipc),
            Some(other) => Err(self.bad("transport", format!("`{other}`"), "`tcp` or `ipc`")),
        }
    }

    fn check_scheme(&self) -> Result<(), ConnectionError> {
        match self.text("signature_scheme")? {
            None | Some("" | "hmac-sha256") => Ok(()),
            Some(other) => Err(self.bad("signature_scheme", format!("`{other}`"), "`hmac-sha256`")),
        }
    }

    fn port(&self, socket: Socket) -> Result<u16, ConnectionError> {
        let field = socket.field();
        let value = self.map.get(field).ok_or_else(|| self.missing(field))?;
        value
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|&port| port > 0)
            .ok_or_else(|| self.bad(field, describe(value), "a port number from 1 to 65535"))
    }

    fn required_text(&self, field: &'static str) -> Result<&'a str, ConnectionError> {
        self.text(field)?.ok_or_else(|| self.missing(field))
    }

    fn text(&self, field: &'static str) -> Result<Option<&'a str>, ConnectionError> {
        match self.map.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.bad(field, describe(other), "a string")),
        }
    }

    fn missing(&self, field: &'static str) -> ConnectionError {
        ConnectionError::NoField { path: self.path.to_owned(), field }
    }

    fn bad(&self, field: &'static str, found: String, expected: &'static str) -> ConnectionError {
        ConnectionError::BadField { path: self.path.to_owned(), field, found, expected }
    }
}

/// A value as a message shows it: short scalars in full, the rest by kind.
fn describe(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("`{number}`"),
        Value::String(text) if text.chars().count() <= 40 => format!("`\"{text}\"`"),
        other => kind(other).to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn complete() -> Value {
        json!({
            "ip": "127.0.0.1", "transport": "tcp", "key": "secret",
            "signature_scheme": "hmac-sha256", "kernel_name": "cellist",
            "shell_port": 1, "control_port": 2, "iopub_port": 3, "stdin_port": 4, "hb_port": 5,
        })
    }

    fn parse(value: &Value) -> Result<Connection, ConnectionError> {
        Connection::parse(Path::new("k.json"), value.to_string().as_bytes())
    }

    #[test]
    fn reads_what_jupyter_writes() {
        let connection = parse(&complete()).unwrap();
        assert_eq!(connection.port(Socket::Heartbeat), 5);
        assert_eq!(connection.transport, Transport::Tcp);
        assert_eq!(connection.key, "secret");
    }

    #[test]
    fn the_key_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", parse(&complete()).unwrap()).contains("secret"));
    }

    #[test]
    fn names_the_missing_field() {
        for field in ["ip", "shell_port", "control_port", "iopub_port", "stdin_port", "hb_port"] {
            let mut value = complete();
            value.as_object_mut().unwrap().remove(field);
            let message = parse(&value).unwrap_err().to_string();
            assert!(message.contains("`k.json`") && message.contains(&format!("`{field}`")));
        }
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        for (field, bad, shown) in [
            ("shell_port", json!("5"), "`\"5\"`"),
            ("shell_port", json!(0), "`0`"),
            ("shell_port", json!(70000), "`70000`"),
            ("shell_port", json!(-1), "`-1`"),
            ("shell_port", json!(null), "null"),
            ("key", json!(7), "`7`"),
            ("transport", json!("inproc"), "`inproc`"),
            ("signature_scheme", json!("hmac-md5"), "`hmac-md5`"),
        ] {
            let mut value = complete();
            value[field] = bad;
            let message = parse(&value).unwrap_err().to_string();
            assert!(message.contains(&format!("`{field}`")), "{message}");
            assert!(message.contains(shown), "{message}");
        }
    }

    #[test]
    fn says_what_is_not_json() {
        let parse = |text: &[u8]| Connection::parse(Path::new("k.json"), text).unwrap_err();
        assert!(parse(b"{\"ip\": ").to_string().contains("is not JSON"));
        assert!(parse(b"\xff\xfe").to_string().contains("is not JSON"));
        assert!(parse(b"").to_string().contains("is not JSON"));
        assert!(parse(b"[1]").to_string().contains("an array"));
    }

    #[test]
    fn a_file_without_key_and_transport_is_unsigned_tcp() {
        let mut value = complete();
        for field in ["key", "transport", "signature_scheme"] {
            value.as_object_mut().unwrap().remove(field);
        }
        let connection = parse(&value).unwrap();
        assert_eq!((connection.key.as_str(), connection.transport), ("", Transport::Tcp));
    }
}
