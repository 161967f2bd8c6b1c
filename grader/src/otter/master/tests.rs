#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use serde_json::json;

fn raw(source: &str) -> Cell {
    Cell::new(CellType::Raw, "c", source)
}

fn code(source: &str) -> Cell {
    Cell::new(CellType::Code, "c", source)
}

fn text(source: &str) -> Cell {
    Cell::new(CellType::Markdown, "c", source)
}

fn shows(source: &str, result: &str) -> Cell {
    let mut cell = code(source);
    cell.outputs = vec![
        json!({"output_type": "stream", "text": "hm\n"}),
        json!({"output_type": "execute_result", "data": {"text/plain": result}}),
    ];
    cell
}

fn read_cells(cells: Vec<Cell>) -> Result<Master, String> {
    read(&Notebook::new(cells, Map::new()), Path::new("/nowhere"))
}

fn question(about: &str, inside: Vec<Cell>) -> Vec<Cell> {
    let begin = raw(&format!("# BEGIN QUESTION\n{about}"));
    [vec![begin], inside, vec![raw("# END QUESTION")]].concat()
}

fn tests(cells: Vec<Cell>) -> Vec<Cell> {
    [vec![raw("# BEGIN TESTS")], cells, vec![raw("# END TESTS")]].concat()
}

fn cases(master: &Master) -> &[RawCase] {
    match master.questions.as_slice() {
        [RawQuestion::Cells { cells, .. }] => cells,
        other => panic!("{other:?}"),
    }
}

#[test]
fn questions_and_their_tests() {
    let configured = "\"\"\" # BEGIN TEST CONFIG\npoints: 2\nhidden: true\nfailure_message: nope\n\
                      \"\"\" # END TEST CONFIG\nx\n";
    let test_cells = vec![
        shows("x == 2", "True"),
        code("# HIDDEN\nassert x"),
        code("# not secret\nx"),
        code(configured),
        code(&configured.replacen("\"\"\"", "_ = \"\"\"", 1)),
    ];
    let master =
        read_cells(question("name: q1\npoints: 3\nall_or_nothing: yes", tests(test_cells)));
    let master = master.unwrap();
    let [RawQuestion::Cells { name, points, all_or_nothing, ok_format, .. }] =
        master.questions.as_slice()
    else {
        panic!("{:?}", master.questions)
    };
    assert_eq!((name.as_str(), points, all_or_nothing, ok_format), ("q1", &json!(3), &true, &true));
    let found = cases(&master);
    assert_eq!((found[0].source.as_str(), found[0].output.as_str()), ("x == 2", "hm\nTrue"));
    assert_eq!((found[1].source.as_str(), found[1].hidden), ("assert x", true));
    assert_eq!((found[2].source.as_str(), found[2].hidden), ("# not secret\nx", false));
    for case in &found[3..] {
        assert_eq!((case.source.as_str(), case.hidden), ("x", true));
        assert_eq!((&case.points, &case.failure_message), (&json!(2), &json!("nope")));
    }
}

#[test]
fn fenced_cells_are_raw_cells() {
    let begin = text("Before.\n```otter\n# BEGIN QUESTION\nname: q1\n```\nWhat is x?");
    let cells = [vec![begin], tests(vec![code("x")]), vec![text("```otter\n# END QUESTION\n```")]];
    let notebook = Notebook::new(cells.concat(), Map::new());
    assert!(is_master(&notebook));
    assert_eq!(cases(&read(&notebook, Path::new("/nowhere")).unwrap()).len(), 1);
}

#[test]
fn what_a_person_reads() {
    let prompt = vec![raw("# BEGIN PROMPT"), text("_Here._"), raw("# END PROMPT")];
    let cells = [
        question("name: q1\nmanual: true\npoints: 4", Vec::new()),
        question("name: q2\nexport: true", prompt.clone()),
        question("name: q3\nmanual: true", [prompt, tests(vec![code("x")])].concat()),
    ];
    let master = read_cells(cells.concat()).unwrap();
    let told: Vec<_> = master
        .manual
        .iter()
        .map(|each| (each.name.as_str(), each.points, each.manual, each.starter.as_str()))
        .collect();
    let wanted =
        [("q1", 4.0, true, PROMPT), ("q2", 0.0, false, "_Here._"), ("q3", 0.0, false, "_Here._")];
    assert_eq!(told, wanted);
}

#[test]
fn the_configuration() {
    let config = "# ASSIGNMENT CONFIG\nname: hw1\nseed:\n  variable: rng\n  autograder_value: 7\n\
                  generate:\n  points_possible: 10\nfiles:\n  - data.csv\nautograder_files: [x.py]\n\
                  tests:\n  ok_format: off";
    let cells = [vec![raw(config)], question("name: 1", tests(vec![code("def t():\n  pass")]))];
    let Master { config, questions, files, .. } = read_cells(cells.concat()).unwrap();
    assert_eq!(config.assignment_name.as_deref(), Some("hw1"));
    assert_eq!((config.seed, config.seed_variable.as_deref()), (Some(7), Some("rng")));
    assert_eq!(config.points_possible, Some(10.0));
    assert_eq!(files, ["data.csv", "x.py"]);
    let [RawQuestion::Cells { name, ok_format, .. }] = questions.as_slice() else {
        panic!("{questions:?}")
    };
    assert_eq!((name.as_str(), ok_format), ("1", &false));
}

#[test]
fn what_is_wrong_is_told_by_cell() {
    let told = |cells: Vec<Cell>| read_cells(cells).unwrap_err();
    let begin = || raw("# BEGIN QUESTION\nname: q1");
    let table = [
        (vec![raw("# BEGIN TESTS")], "cell 1: a block `tests` begins outside of a question"),
        (vec![begin(), begin()], "cell 2: a question begins within a question"),
        (vec![raw("# END QUESTION")], "cell 1: a question ends that never began"),
        (
            vec![begin(), raw("# BEGIN TESTS"), raw("# END QUESTION")],
            "cell 3: a question ends while a block `tests` in it does not; end that first",
        ),
        (vec![begin()], "its last `# BEGIN QUESTION` has no end; add a raw cell `# END QUESTION`"),
        (
            vec![raw("# BEGIN QUESTION\npoints: 2")],
            "cell 1: the question has no name; add a line `name: q1`",
        ),
        (
            vec![begin(), raw("# BEGIN TESTS"), text("x")],
            "cell 3: a block of tests holds code cells only",
        ),
        (
            [question("name: q1", Vec::new()), vec![begin()]].concat(),
            "cell 3: there are two questions `q1`; rename one",
        ),
    ];
    for (cells, wanted) in table {
        assert_eq!(told(cells), wanted);
    }
}
