"""A teacher grades written answers in the browser."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from grading.conftest import RIGHT, STARTER, submission
from serve.conftest import EVIL, Course, course  # noqa: F401


@pytest.fixture
def handed_in(course: Course) -> Course:  # noqa: F811
    """Three written answers, one of which would rather be a script."""
    evil = submission(RIGHT, why=EVIL)
    [cell] = [cell for cell in evil["cells"] if cell["id"] == "u-answer"]
    html = f"<p id='shown'>a table</p>{EVIL}<form action='/grade' method='post'><button>x</button></form>"
    picture = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><script>alert(1)</script></svg>"
    cell["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": html, "text/plain": "x"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": picture}},
    ]
    course.hand_in("ann", submission(RIGHT, why="six times seven"))
    course.hand_in("bob", submission(STARTER, why="I do not know"))
    course.hand_in("eve", evil)
    course.grade()
    return course


@pytest.fixture
def page(handed_in: Course, browser: BrowserContext, tmp_path: Path) -> Iterator[Page]:
    """The overview, opened with the printed address; nothing may complain meanwhile."""
    told: list[str] = []
    with handed_in.serve("--by", "Ada") as server:
        page = browser.new_page()
        page.on("dialog", lambda dialog: (told.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(server.url)
        yield page
        page.screenshot(path=tmp_path / "page.png", full_page=True)
        print(f"the page at the end: {tmp_path / 'page.png'}")
        page.close()
    assert told == []


def decided(course: Course) -> list[tuple[str, float | None, str]]:  # noqa: F811
    connection = sqlite3.connect(course.gradebook)
    rows = connection.execute(
        "SELECT l.name, m.points, m.comment FROM manual_scores m JOIN learners l ON l.id = m.learner ORDER BY m.id"
    ).fetchall()
    connection.close()
    return rows


def test_answers_are_graded_with_the_keyboard(page: Page, handed_in: Course) -> None:
    assert "token" not in page.url
    page.get_by_role("link", name="Grade why: 3").click()
    answers = page.locator(".answer")
    expect(answers).to_have_count(3)
    expect(answers.nth(0)).to_be_focused()
    page.keyboard.press("2")
    expect(answers.nth(0).locator(".points")).to_be_focused()
    page.keyboard.type(".5")
    page.keyboard.press("Enter")
    expect(answers.nth(0).locator(".saved")).to_have_text("✔ saved: 2.5 points")
    expect(answers.nth(1)).to_be_focused()
    for key, at in (("j", 2), ("k", 1), ("n", 2), ("p", 1)):
        page.keyboard.press(key)
        expect(answers.nth(at)).to_be_focused()
    page.keyboard.press("c")
    page.keyboard.type("jump to page 3, then count")
    page.keyboard.press("Escape")
    expect(answers.nth(1)).to_be_focused()
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(answers.nth(1).locator(".saved")).to_have_text("✔ saved: 0 points")
    # More than there is: the browser says so, and nothing is sent.
    expect(answers.nth(2)).to_be_focused()
    page.keyboard.press("9")
    page.keyboard.press("Enter")
    expect(answers.nth(2).locator(".points")).to_be_focused()
    expect(answers.nth(2).locator(".saved")).to_have_text("")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(answers.nth(2).locator(".saved")).to_have_text("✔ saved: 3 points")
    assert decided(handed_in) == [
        ("ann", 2.5, ""), ("bob", 0, "jump to page 3, then count"), ("eve", 3, ""),
    ]  # fmt: skip
    page.reload()
    expect(page.get_by_text("No answer waits.")).to_be_visible()


def test_a_failure_to_save_is_told(page: Page, handed_in: Course) -> None:
    page.get_by_role("link", name="Grade why: 3").click()
    answers = page.locator(".answer")
    page.evaluate("document.querySelector('.answer [name=csrf]').value = 'old'")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    saved = answers.nth(0).locator(".saved")
    expect(saved).to_have_text("✘ not saved: the form is out of date; reload the page and send it again")
    expect(answers.nth(0)).to_be_focused()
    assert decided(handed_in) == []


def test_with_the_mouse_and_what_learners_wrote_does_nothing(page: Page, handed_in: Course) -> None:
    page.get_by_role("link", name="3 submissions").click()
    page.get_by_role("link", name="eve").click()
    why = page.locator("#cell-u-why")
    expect(why).to_contain_text(EVIL)
    # A frame without scripts, which may send nothing either.
    frame = page.frame_locator("iframe")
    expect(frame.locator("#shown")).to_have_text("a table")
    frame.get_by_role("button", name="x").click()
    width = page.locator(".outputs > img").evaluate("async image => { await image.decode(); return image.naturalWidth; }")
    assert width == 40
    why.locator(".points").fill("1")
    why.locator("textarea").fill("kind of")
    why.get_by_role("button", name="Save").click()
    expect(page.get_by_text(", by Ada: kind of")).to_be_visible()
    assert decided(handed_in) == [("eve", 1, "kind of")]
    page.locator("#cell-u-why").get_by_role("button", name="Back to the grader").click()
    expect(page.get_by_text("as the grader says")).to_be_visible()


def test_allowances_are_given_with_the_keyboard(page: Page, handed_in: Course) -> None:
    page.get_by_role("link", name="Allowances").click()
    page.get_by_label("Learner").fill("zoe")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="zoe, small/answer.ipynb")).to_be_visible()
    page.get_by_label("May hand in until").fill("2027-01-31")
    page.get_by_label("Late days without loss").focus()
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Need not hand in")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("ill")
    page.keyboard.press("Enter")
    history = page.get_by_role("listitem")
    expect(history).to_have_count(3)
    expect(history.nth(2)).to_contain_text("exemption: yes, by Ada: ill")
    # Taken back.
    page.get_by_label("Late days without loss").fill("")
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(history.nth(3)).to_contain_text("late days: none any more, by Ada")
    expect(page.get_by_label("Need not hand in")).to_be_checked()
    connection = sqlite3.connect(handed_in.gradebook)
    rows = connection.execute("SELECT kind, value FROM allowances ORDER BY id").fetchall()
    connection.close()
    assert rows == [("extension", "2027-01-31"), ("late_days", "2"), ("exemption", "yes"), ("late_days", None)]


def test_a_batch_is_seen_live(page: Page, handed_in: Course) -> None:
    page.get_by_role("button", name="Grade all again").click()
    expect(page.locator("#work")).to_contain_text("Graded small/answer.ipynb: 3 submissions")
    # Somebody else's, on an open page.
    handed_in.hand_in("new", submission(STARTER))
    handed_in.grade()
    page.get_by_role("link", name="Show the new scores").click()
    expect(page.get_by_role("link", name="4 submissions")).to_be_visible()


def test_others_are_kept_out(browser: BrowserContext, handed_in: Course) -> None:
    with handed_in.serve() as server:
        page = browser.new_page()
        page.goto(server.origin)
        expect(page.get_by_text("This page opens with the address that")).to_be_visible()
        page.close()
