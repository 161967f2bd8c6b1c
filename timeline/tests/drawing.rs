//! Timelines as text and as SVG.

#![expect(clippy::unwrap_used, reason = "a failed expectation is what a test reports")]

use cellist_timeline::{Clock, Ending, Kind, Lane, Place, Span, State, Timeline, svg, text};

fn at(line: u32) -> Option<Place> {
    Some(Place { file: "Cell In[3]".to_owned(), line })
}

fn span(state: State, begin: f64, end: f64, on: &str) -> Span {
    Span { state, begin, end, on: on.to_owned(), place: at(7) }
}

fn lane(
    name: &str,
    function: &str,
    begin: f64,
    end: f64,
    ending: Ending,
    spans: Vec<Span>,
) -> Lane {
    Lane {
        name: name.to_owned(),
        function: function.to_owned(),
        made: at(4),
        begin,
        end,
        ending,
        spans,
        ..Lane::default()
    }
}

/// A bit of everything.
fn shop() -> Timeline {
    let brew = vec![
        span(State::Ready, 0.0, 0.5, ""),
        span(State::Blocking, 0.5, 1.5, "time.sleep"),
        span(State::Waiting, 1.5, 4.0, "sleep"),
        span(State::Running, 4.0, 4.0, ""),
    ];
    let milk = vec![span(State::Waiting, 0.0, 5.0, "Task-2"), span(State::Running, 5.0, 5.0, "")];
    let mut failing = lane("fails", "fails", 1.0, 2.0, Ending::Failed, Vec::new());
    failing.error = Some("ValueError: 1 < 2 & \"3\"".to_owned());
    let mut cancelled = lane("Task-5", "late", 0.0, 3.0, Ending::Cancelled, Vec::new());
    cancelled.cancelled = vec![3.0];
    cancelled.spans = vec![span(State::Waiting, 0.0, 3.0, "queue.get")];
    let thread = Lane {
        kind: Kind::Thread,
        ..lane(
            "pool_0",
            "work",
            0.0,
            5.0,
            Ending::Pending,
            vec![span(State::Running, 0.0, 5.0, "")],
        )
    };
    Timeline {
        clock: Clock::Virtual,
        seconds: 5.0,
        lanes: vec![
            lane("Task-2", "brew", 0.0, 4.0, Ending::Done, brew),
            lane("Task-3", "milk", 0.0, 5.0, Ending::Done, milk),
            failing,
            cancelled,
            thread,
        ],
        cut: None,
    }
}

fn many(count: u32) -> Timeline {
    let lanes = (0..count).map(|number| {
        let (begin, end) = (0.0, 1.0 + f64::from(number) / 1000.0);
        let ending = if number == 77 { Ending::Failed } else { Ending::Done };
        let spans = vec![span(State::Waiting, begin, end, "sleep")];
        lane(&format!("Task-{number}"), "worker", begin, end, ending, spans)
    });
    Timeline { seconds: 2.0, lanes: lanes.collect(), ..Timeline::default() }
}

#[test]
fn text_is_a_chart_that_can_be_read() {
    insta::assert_snapshot!(text(&shop(), 100));
}

#[test]
fn svg_is_the_same_every_time() {
    insta::assert_snapshot!(svg(&shop(), 960));
}

#[test]
fn no_line_is_longer_than_asked_for() {
    for width in [50, 80, 133] {
        let drawn = text(&shop(), width) + &text(&many(500), width);
        // Every character here takes one column.
        let longest = drawn.lines().skip(1).map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= width, "{longest} columns of {width}:\n{drawn}");
    }
}

#[test]
fn of_many_that_are_alike_a_few_are_drawn_and_the_rest_counted() {
    let drawn = text(&many(500), 100);
    assert!(drawn.lines().count() < 50, "{drawn}");
    let shown = drawn.lines().filter(|line| line.starts_with("Task-")).count();
    let (_, rest) = drawn.split_once("and ").unwrap();
    let (folded, _) = rest.split_once(" more like it").unwrap();
    assert_eq!(shown + folded.parse::<usize>().unwrap(), 500);
    assert!(drawn.contains("Task-77 "), "the one that failed is like no other:\n{drawn}");
    let picture = svg(&many(500), 960);
    assert!(picture.contains(&format!("and {folded} more like it: done")));
    assert!(picture.len() < 100_000, "{} bytes", picture.len());
}

#[test]
fn kinds_that_are_too_many_are_counted_too() {
    let mut timeline = many(90);
    for (number, lane) in timeline.lanes.iter_mut().enumerate() {
        lane.function = format!("worker_{number}");
    }
    let drawn = text(&timeline, 100);
    let shown = drawn.lines().filter(|line| line.starts_with("Task-")).count();
    assert!(drawn.contains(&format!("and {} more are left out", 90 - shown)), "{drawn}");
}

#[test]
fn where_the_records_begin_is_told() {
    let cut = Timeline { cut: Some(3.2), ..shop() };
    let heading = "begins at 3.2 s: earlier records were dropped";
    assert!(text(&cut, 100).lines().next().unwrap().ends_with(heading), "{}", text(&cut, 100));
    let picture = svg(&cut, 960);
    assert!(picture.contains(heading), "{picture}");
    assert!(
        picture.contains("<title>not known: the records of the first 3.2 s were dropped</title>")
    );
    assert!(!svg(&shop(), 960).contains("dropped"));
}

#[test]
fn what_users_name_things_does_not_break_the_picture() {
    let mut timeline = shop();
    timeline.lanes[0].name = "</text><script>\u{1b}\u{0}&'\"".to_owned();
    timeline.lanes[1].name = "漢字".repeat(40);
    let picture = svg(&timeline, 960);
    assert!(
        !picture.contains("<script>") && !picture.contains('\u{1b}') && !picture.contains('\0')
    );
    assert!(picture.contains("&lt;/text&gt;"));
    assert!(!picture.contains(&timeline.lanes[1].name[..]) || picture.contains("<title>漢字"));
}

#[test]
fn nothing_and_no_time_are_drawn_too() {
    for timeline in [Timeline::default(), Timeline { seconds: 0.0, ..shop() }] {
        assert!(svg(&timeline, 0).ends_with("</svg>\n"));
        assert!(text(&timeline, 0).contains(" · "));
    }
}

#[test]
fn a_timeline_comes_back_from_json_as_it_was() {
    let json = serde_json::to_string(&shop()).unwrap();
    assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), shop());
    // What is left out has a meaning, so that others can write it by hand.
    let short = r#"{"seconds": 1, "lanes": [{"name": "a", "end": 1, "spans": [{"state": "waiting", "begin": 0, "end": 1}]}]}"#;
    assert_eq!(serde_json::from_str::<Timeline>(short).unwrap().lanes[0].ending, Ending::Pending);
}
