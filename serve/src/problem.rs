//! Why a request gets no page.

use crate::layout;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use cellist_gradebook::GradebookError;
use maud::html;

/// Why a request gets no page. A page tells it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// There is no such page, learner or notebook.
    #[error("there is no {0} here")]
    NotFound(String),
    /// What was sent cannot be.
    #[error("{0}")]
    Bad(String),
    /// Not from a form of this server's.
    #[error("the form is out of date; reload the page and send it again")]
    Forged,
    /// Something that can be done only once at a time.
    #[error("{0}")]
    Busy(String),
    /// The gradebook could not be read or written.
    #[error(transparent)]
    Gradebook(#[from] GradebookError),
    /// A mistake of this program's.
    #[error("this page hit a mistake in cellist itself; please report it")]
    Internal,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Gradebook(GradebookError::NoLearner { .. } | GradebookError::NoItem { .. }) => {
                StatusCode::NOT_FOUND
            }
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Forged => StatusCode::FORBIDDEN,
            Self::Busy(_) => StatusCode::CONFLICT,
            Self::Gradebook(GradebookError::Locked { .. } | GradebookError::Unreachable { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Gradebook(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let text = self.to_string();
        let content = html! {
            p.text { (text) }
            p { a href="/" { "Overview" } }
        };
        let page = layout::bare("That did not work", &content);
        (self.status(), Html(page.into_string())).into_response()
    }
}
