//! How a cell ended, as the Python side tells it.

use super::strings;
use crate::cell::{Failure, Outcome};
use serde_json::Value;

pub(super) fn outcome(answer: &Value) -> Outcome {
    if let Some(code) = answer["exit"].as_i64() {
        return Outcome::Exit(code as i32);
    }
    if let Some(error) = answer["error"].as_object() {
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        return Outcome::Error(Failure {
            ename: text("ename"),
            evalue: text("evalue"),
            traceback: strings(&error["traceback"]),
        });
    }
    Outcome::Ok {
        user_expressions: answer["expressions"].as_object().cloned().unwrap_or_default(),
        payload: answer["payload"].as_array().cloned().unwrap_or_default(),
    }
}
