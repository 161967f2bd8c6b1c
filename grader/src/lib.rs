//! Many notebooks in, a verdict on each out: finding submissions and their specs, judging them in
//! parallel, reporting.

pub mod assignments;
pub mod attempts;
pub mod batch;
pub mod intake;
pub mod nbgrader;
pub mod otter;
pub mod public_checks;
pub mod reporters;
pub mod specs;
pub mod watch;
