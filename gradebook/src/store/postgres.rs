//! A gradebook in a database on a server.

use super::address::Address;
use super::{Failure, Row, Sql, Value};
use crate::Stamp;
use crate::error::{Doing, GradebookError};
use crate::schema::{KNOWN, migrations};
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::{Client, GenericClient, IsolationLevel, NoTls, Statement, Transaction};
use rustls::{ClientConfig, RootCertStore};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Said once to each connection: another program that writes has five seconds to end it.
const PATIENCE: &str = "SET lock_timeout = '5s'";

/// Keeps two programs from making the tables at once: "CELL".
const MAKING: &str = "SELECT pg_advisory_xact_lock(1128614988)";

/// The version, and a count of writes: each writer changes it first, so that there is one at a time, and whoever
/// has a page open sees that somebody wrote.
const BOOK: &str =
    "CREATE TABLE cellist_gradebook (version BIGINT NOT NULL, changes BIGINT NOT NULL);
    INSERT INTO cellist_gradebook VALUES (0, 0)";

/// A database. What breaks the connection costs one transaction: the next has a new one.
#[derive(Debug)]
pub(crate) struct Postgres {
    address: Address,
    connection: RefCell<Option<Connection>>,
    /// Writes of this program that were counted.
    own: Cell<u64>,
}

struct Connection {
    client: Client,
    /// By their text; each costs the server its planning but once.
    statements: HashMap<String, Statement>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Postgres {
    /// Opens a database; makes the tables when there are none and it may.
    pub(crate) fn open(url: &str, create: bool) -> Result<Self, GradebookError> {
        let address = Address::parse(url)?;
        let name = address.name.as_str();
        let failed = |error| GradebookError::of(name, Doing::Opening, Failure::Postgres(error));
        let mut connection = connect(&address).map_err(failed)?;
        prepare(&mut connection.client, name, create)?;
        let connection = RefCell::new(Some(connection));
        Ok(Self { address, connection, own: Cell::new(0) })
    }

    /// What it is called: the address without the password.
    pub(crate) fn name(&self) -> &str {
        &self.address.name
    }

    pub(super) fn reading<T>(
        &self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.with(|Connection { client, statements }| {
            let begin = client.build_transaction();
            let transaction =
                begin.isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()?;
            let mut reading = Statements { transaction, statements };
            let done = work(&mut reading)?;
            reading.transaction.commit()?;
            Ok(done)
        })
    }

    pub(super) fn writing<T>(
        &self,
        work: impl FnOnce(&mut dyn Sql) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let done = self.with(|Connection { client, statements }| {
            let begin = client.build_transaction();
            let transaction = begin.isolation_level(IsolationLevel::ReadCommitted).start()?;
            let mut writing = Statements { transaction, statements };
            writing.run("UPDATE cellist_gradebook SET changes = changes + 1", &[])?;
            let done = work(&mut writing)?;
            writing.transaction.commit()?;
            Ok(done)
        })?;
        self.own.set(self.own.get() + 1);
        Ok(done)
    }

    pub(super) fn stamp(&self) -> Result<Stamp, Failure> {
        let question = "SELECT changes, (SELECT count(*) FROM gradings) FROM cellist_gradebook";
        self.with(|Connection { client, .. }| {
            let row = client.query_one(question, &[])?;
            let (changes, own): (i64, u64) = (row.try_get(0)?, self.own.get());
            Ok(Stamp { others: changes.wrapping_sub_unsigned(own), own, gradings: row.try_get(1)? })
        })
    }

    /// Works with the connection, or with a new one where the old one broke while nothing was done.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut held = self.connection.borrow_mut();
        let known = held.take().and_then(|mut known| match known.client.check_connection() {
            Ok(()) => Some(known),
            Err(_) => {
                close(known);
                None
            }
        });
        let mut connection = match known {
            Some(known) => known,
            None => connect(&self.address)?,
        };
        let done = work(&mut connection);
        *held = Some(connection);
        done
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            close(connection);
        }
    }
}

/// Says goodbye to the server, for which a client waits: not where only futures may wait.
fn close(connection: Connection) {
    let _ = thread::Builder::new().spawn(move || drop(connection)).map(JoinHandle::join);
}

fn connect(address: &Address) -> Result<Connection, postgres::Error> {
    let mut client = match address.is_local() {
        true => address.config.connect(NoTls)?,
        false => address.config.connect(tls())?,
    };
    client.batch_execute(PATIENCE)?;
    Ok(Connection { client, statements: HashMap::new() })
}

/// TLS that trusts the authorities that the system does, or those of `SSL_CERT_FILE`.
fn tls() -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    #[expect(clippy::expect_used, reason = "ring has ciphers for both")]
    let config = versions.expect("ring speaks TLS 1.2 and 1.3");
    MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth())
}

/// What a database holds.
enum Holds {
    Nothing,
    /// Tables, and not a gradebook's.
    Others,
    /// A gradebook of this version.
    Gradebook(i64),
}

fn look(client: &mut impl GenericClient) -> Result<Holds, postgres::Error> {
    let tables = client.query_one(
        "SELECT count(*), count(*) FILTER (WHERE tablename = 'cellist_gradebook')
         FROM pg_catalog.pg_tables WHERE schemaname = current_schema()",
        &[],
    )?;
    Ok(match (tables.try_get(0)?, tables.try_get(1)?) {
        (0i64, _) => Holds::Nothing,
        (_, 0i64) => Holds::Others,
        _ => {
            let book = client.query_one("SELECT version FROM cellist_gradebook", &[])?;
            Holds::Gradebook(book.try_get(0)?)
        }
    })
}

/// Checks that the database holds a gradebook, or nothing, and brings it up to date.
fn prepare(client: &mut Client, name: &str, create: bool) -> Result<(), GradebookError> {
    let failed = |error| GradebookError::of(name, Doing::Opening, Failure::Postgres(error));
    match look(client).map_err(failed)? {
        Holds::Nothing if !create => {
            return Err(GradebookError::Missing { name: name.to_owned() });
        }
        Holds::Others => return Err(GradebookError::Others { name: name.to_owned() }),
        Holds::Gradebook(version) if version > KNOWN => {
            return Err(GradebookError::newer(name, version));
        }
        Holds::Gradebook(KNOWN) => return Ok(()),
        Holds::Nothing | Holds::Gradebook(_) => {}
    }
    migrate(client).map_err(failed)
}

fn migrate(client: &mut Client) -> Result<(), postgres::Error> {
    let mut migration = client.transaction()?;
    migration.batch_execute(MAKING)?;
    // Another program may have been first.
    let version = match look(&mut migration)? {
        Holds::Gradebook(version) => version,
        Holds::Nothing | Holds::Others => {
            migration.batch_execute(BOOK)?;
            0
        }
    };
    for sql in migrations(version) {
        migration.batch_execute(&translated(sql))?;
    }
    migration.execute("UPDATE cellist_gradebook SET version = $1 WHERE version < $1", &[&KNOWN])?;
    migration.commit()
}

/// Tables in PostgreSQL's words. Text is sorted by its bytes, as SQLite sorts it, whatever the database's language.
fn translated(sql: &str) -> String {
    sql.replace("INTEGER PRIMARY KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
}

struct Statements<'a> {
    transaction: Transaction<'a>,
    statements: &'a mut HashMap<String, Statement>,
}

impl Sql for Statements<'_> {
    fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let statement = match self.statements.get(sql) {
            Some(known) => known.clone(),
            None => {
                let new = self.transaction.prepare(sql)?;
                self.statements.insert(sql.to_owned(), new.clone());
                new
            }
        };
        let columns = statement.columns().len();
        let mut rows = self.transaction.query_raw(&statement, values)?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| row.try_get(column));
            take(Row::new(values.collect::<Result<_, _>>()?))?;
        }
        Ok(())
    }
}
