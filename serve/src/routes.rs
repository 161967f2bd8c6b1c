//! Which page stands behind which address.

use crate::allowances::{Whom, allow, allowances};
use crate::answers::{Question, answers};
use crate::exports::{self, Whose};
use crate::fields::{Fields, address};
use crate::gate::guard;
use crate::list::{Wanted, list};
use crate::live;
use crate::overview::overview;
use crate::problem::Problem;
use crate::save::save;
use crate::site::Site;
use crate::submission::submission;
use crate::work::{self, Task};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use serde::Deserialize;
use std::sync::Arc;

/// Largest form, in bytes.
const LARGEST_FORM: usize = 128 << 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    learner: String,
    notebook: String,
}

/// All pages.
pub(crate) fn routes(site: Arc<Site>) -> Router {
    let gate = Arc::clone(&site.gate);
    Router::new()
        .route("/", get(async |State(site): Shared| html(site, |site| overview(site)).await))
        .route(
            "/list",
            get(async |State(site): Shared, Query(wanted): Query<Wanted>| {
                html(site, move |site| list(site, &wanted)).await
            }),
        )
        .route(
            "/submission",
            get(async |State(site): Shared, Query(which): Query<Which>| {
                html(site, move |site| submission(site, &which.learner, &which.notebook)).await
            }),
        )
        .route(
            "/answers",
            get(async |State(site): Shared, Query(question): Query<Question>| {
                html(site, move |site| answers(site, &question)).await
            }),
        )
        .route(
            "/allowances",
            get(async |State(site): Shared, Query(whom): Query<Whom>| {
                html(site, move |site| allowances(site, &whom)).await
            }),
        )
        .route(
            "/allow",
            post(async |State(site): Shared, body: Bytes| {
                blocking(site, move |site| decide(site, &body, allow)).await
            }),
        )
        .route(
            "/exports",
            get(async |State(site): Shared| html(site, |site| exports::overview(site)).await),
        )
        .route(
            "/export/{name}",
            get(
                async |State(site): Shared,
                       Path(name): Path<String>,
                       Query(whose): Query<Whose>| {
                    blocking(site, move |site| exports::file(site, &name, &whose)).await
                },
            ),
        )
        .route("/events", get(async |State(site): Shared| live::events(site)))
        .route(
            "/score",
            post(async |State(site): Shared, body: Bytes| {
                blocking(site, move |site| decide(site, &body, save)).await
            }),
        )
        .route(
            "/grade",
            post(async |State(site): Shared, body: Bytes| {
                blocking(site, move |site| grade(site, &body)).await
            }),
        )
        .route("/style.css", get(async || asset("text/css", include_str!("../assets/style.css"))))
        .route(
            "/page.js",
            get(async || asset("text/javascript", include_str!("../assets/page.js"))),
        )
        .fallback(async || Problem::NotFound("page of this address".to_owned()))
        .with_state(site)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn_with_state(gate, guard))
}

type Shared = State<Arc<Site>>;

async fn html(
    site: Arc<Site>,
    make: impl FnOnce(&Arc<Site>) -> Result<Markup, Problem> + Send + 'static,
) -> Response {
    blocking(site, move |site| Ok(Html(make(site)?.into_string()).into_response())).await
}

/// Files and the gradebook make a thread wait, and not one of the server's.
async fn blocking(
    site: Arc<Site>,
    make: impl FnOnce(&Arc<Site>) -> Result<Response, Problem> + Send + 'static,
) -> Response {
    let made = tokio::task::spawn_blocking(move || make(&site)).await;
    made.unwrap_or(Err(Problem::Internal)).into_response()
}

fn decide(
    site: &Arc<Site>,
    body: &Bytes,
    write: impl FnOnce(&Site, &Fields) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let fields = Fields::read(site, body)?;
    write(site, &fields)?;
    Ok(Redirect::to(fields.back()).into_response())
}

fn grade(site: &Arc<Site>, body: &Bytes) -> Result<Response, Problem> {
    let fields = Fields::read(site, body)?;
    let notebook = fields.exact("notebook").to_owned();
    let task = match fields.get("task") {
        "one" => Task::One { learner: fields.exact("learner").to_owned(), notebook },
        "notebook" => Task::Notebook(notebook),
        "everything" => Task::Everything,
        other => return Err(Problem::NotFound(address(&format!("task `{other}`"), &[]))),
    };
    work::start(site, task)?;
    Ok(Redirect::to(fields.back()).into_response())
}

fn asset(kind: &str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text).into_response()
}
