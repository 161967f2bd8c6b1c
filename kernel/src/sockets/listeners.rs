//! Opening the ports.

use super::gate::Port;
use crate::connection::{Connection, Socket, Transport};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A port that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process has it.
    #[error(
        "port {port} on {ip} (`{}` in `{}`) is already in use, perhaps by a kernel that still \
         runs with the same file\nstart the kernel again from Jupyter, which chooses free ports",
        socket.field(), file.display()
    )]
    Taken {
        /// Which socket.
        socket: Socket,
        /// Its port.
        port: u16,
        /// The address.
        ip: String,
        /// The connection file.
        file: PathBuf,
    },
    /// The system says no for another reason.
    #[error(
        "cannot listen on {endpoint} (`{}` in `{}`): {source}\ncheck `ip` and the port in that file",
        socket.field(), file.display()
    )]
    Refused {
        /// Which socket.
        socket: Socket,
        /// Address and port, or path.
        endpoint: String,
        /// The connection file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The open ports of a kernel.
pub(crate) struct Listeners {
    pub(super) shell: Port,
    pub(super) control: Port,
    pub(super) iopub: Port,
    pub(super) stdin: Port,
    pub(super) heartbeat: Port,
}

impl Listeners {
    /// Opens all five. A client may connect from now on; it is served when the sockets run.
    ///
    /// # Errors
    /// At the first port that cannot be opened.
    pub(crate) fn bind(connection: &Connection) -> Result<Self, BindError> {
        Ok(Self {
            shell: bind(connection, Socket::Shell)?,
            control: bind(connection, Socket::Control)?,
            iopub: bind(connection, Socket::Iopub)?,
            stdin: bind(connection, Socket::Stdin)?,
            heartbeat: bind(connection, Socket::Heartbeat)?,
        })
    }
}

fn bind(connection: &Connection, socket: Socket) -> Result<Port, BindError> {
    let port = connection.port(socket);
    let (bound, endpoint) = match connection.transport {
        Transport::Tcp => {
            // Jupyter's way to say "every interface".
            let ip = if connection.ip == "*" { "0.0.0.0" } else { connection.ip.as_str() };
            (TcpListener::bind((ip, port)).map(Port::Tcp), format!("{ip}:{port}"))
        }
        Transport::Ipc => {
            let path = PathBuf::from(format!("{}-{port}", connection.ip));
            (bind_path(&path).map(Port::Ipc), path.display().to_string())
        }
    };
    bound.map_err(|source| {
        let file = connection.path.clone();
        match source.kind() {
            ErrorKind::AddrInUse => {
                BindError::Taken { socket, port, ip: connection.ip.clone(), file }
            }
            _ => BindError::Refused { socket, endpoint, file, source },
        }
    })
}

/// Listens on a path. A killed kernel leaves its path behind, and a restart gives the same one.
fn bind_path(path: &Path) -> std::io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && !is_alive(path) => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

fn is_alive(path: &Path) -> bool {
    match UnixStream::connect(path) {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::ConnectionRefused,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn connection(transport: Transport, ip: &str, port: u16) -> Connection {
        Connection {
            path: "k.json".into(),
            transport,
            ip: ip.to_owned(),
            shell_port: port,
            control_port: 2,
            iopub_port: 3,
            stdin_port: 4,
            hb_port: 5,
            key: String::new(),
        }
    }

    #[test]
    fn a_taken_port_is_named() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = other.local_addr().unwrap().port();
        let connection = connection(Transport::Tcp, "127.0.0.1", port);
        let message = bind(&connection, Socket::Shell).unwrap_err().to_string();
        assert!(message.contains(&format!("port {port}")), "{message}");
        assert!(message.contains("`shell_port` in `k.json`"), "{message}");
    }

    #[test]
    fn an_address_that_is_not_ours_is_named() {
        let connection = connection(Transport::Tcp, "192.0.2.1", 9);
        let message = bind(&connection, Socket::Shell).unwrap_err().to_string();
        assert!(message.contains("192.0.2.1:9"), "{message}");
    }

    #[test]
    fn a_path_left_behind_is_taken_over_and_a_live_one_is_not() {
        let folder = std::env::temp_dir().join(format!("cellist-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let connection = connection(Transport::Ipc, folder.join("k").to_str().unwrap(), 1);
        drop(UnixListener::bind(folder.join("k-1")).unwrap());
        let ours = bind(&connection, Socket::Shell).unwrap();
        assert!(matches!(bind(&connection, Socket::Shell), Err(BindError::Taken { .. })));
        drop(ours);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
