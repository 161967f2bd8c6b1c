//! What happens meanwhile, told to open pages as server-sent events.

use crate::site::Site;
use crate::work::Work;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use cellist_gradebook::Stamp;
use futures_util::stream;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often the gradebook is asked whether another program wrote.
const ASK: Duration = Duration::from_millis(500);

#[derive(Debug, PartialEq, Eq, Serialize)]
struct News {
    /// For people.
    text: String,
    /// How many of how many a batch of this server's has graded.
    progress: Option<(usize, usize)>,
    /// Such a batch runs.
    runs: bool,
    /// There are other scores than when the page was made.
    stale: bool,
}

struct Listener {
    site: Arc<Site>,
    work: watch::Receiver<Work>,
    ending: watch::Receiver<bool>,
    clock: Interval,
    first: Option<Stamp>,
    ran: bool,
    told: Option<News>,
}

/// A stream that ends with the server.
pub(crate) fn events(site: Arc<Site>) -> impl IntoResponse {
    let mut clock = interval(ASK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        work: site.work.subscribe(),
        ending: site.ending.clone(),
        clock,
        first: None,
        ran: false,
        told: None,
        site,
    };
    let events = stream::unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

impl Listener {
    /// The next that is new.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                _ = self.ending.wait_for(|ending| *ending) => return None,
                _ = self.clock.tick() => {}
            }
            let news = self.news().await;
            if self.told.as_ref() != Some(&news) {
                let event = Event::default().data(serde_json::to_string(&news).ok()?);
                self.told = Some(news);
                return Some(event);
            }
        }
    }

    async fn news(&mut self) -> News {
        // A small batch begins and ends between two looks.
        self.ran |= self.work.has_changed().unwrap_or(false);
        let work = self.work.borrow_and_update().clone();
        self.ran |= work.runs();
        let site = Arc::clone(&self.site);
        let read = tokio::task::spawn_blocking(move || site.gradebook().stamp().ok());
        let now = read.await.ok().flatten();
        if self.first.is_none() {
            self.first = now;
        }
        let others = match (self.first, now) {
            (Some(first), Some(now)) if now.others_wrote_since(first) => {
                Some(now.gradings - first.gradings)
            }
            _ => None,
        };
        let mut text = work.sentence();
        if let Some(more) = others {
            text = match more {
                0 => "Another program has written to this gradebook.".to_owned(),
                more => format!("Another program writes to this gradebook: {more} graded since."),
            };
        }
        News {
            text,
            progress: work.progress(),
            runs: work.runs(),
            stale: others.is_some() || (self.ran && !work.runs()),
        }
    }
}
