// Keys and live news. Every page works without: forms are forms, and what is new is there after a reload.
"use strict";

const answers = [...document.querySelectorAll(".answer")];
const field = (answer, selector) => answer.querySelector(`form.score ${selector}`);

function go(answer) {
  if (!answer) return;
  answer.focus();
  answer.scrollIntoView({ block: "nearest" });
}

function current() {
  return answers.find((answer) => answer.contains(document.activeElement));
}

function step(by) {
  const at = answers.indexOf(current());
  go(answers[at < 0 ? 0 : Math.min(Math.max(at + by, 0), answers.length - 1)]);
}

function isField(element) {
  return element.matches("input, textarea, select");
}

document.addEventListener("keydown", (event) => {
  if (!answers.length || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const answer = current();
  if (isField(event.target)) {
    if (event.key === "Escape" && answer) go(answer);
    else if (event.key === "Enter" && !event.shiftKey && event.target.form?.matches(".answer form.score")) {
      event.preventDefault();
      event.target.form.requestSubmit();
    } else return;
  } else if (event.key === "j" || event.key === "n") step(1);
  else if (event.key === "k" || event.key === "p") step(-1);
  else if (answer && /^[0-9]$/.test(event.key)) {
    const points = field(answer, ".points");
    points.value = event.key;
    points.focus();
    event.preventDefault();
  } else if (answer && event.key === "c") {
    field(answer, "textarea").focus();
    event.preventDefault();
  } else if (answer && event.key === "Enter" && event.target === answer) {
    field(answer, "").requestSubmit();
    event.preventDefault();
  }
});

// Saves without leaving the page, so that what is typed meanwhile is not lost.
async function save(form, submitter) {
  const answer = form.closest(".answer");
  const told = form.querySelector(".saved");
  const data = new URLSearchParams(new FormData(form, submitter));
  told.textContent = "… saving";
  step(1);
  try {
    const response = await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
    if (response.type !== "opaqueredirect") {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      throw new Error(page.querySelector("main p")?.textContent ?? `the server said ${response.status}`);
    }
    const points = data.get("points");
    told.textContent = data.has("action") ? "✔ given back" : `✔ saved: ${points} point${points === "1" ? "" : "s"}`;
  } catch (error) {
    told.textContent = `✘ not saved: ${error.message}`;
    go(answer);
  }
}

for (const answer of answers) {
  const form = answer.querySelector("form.score");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form, event.submitter);
  });
}
if (answers.length) answers[0].focus();

const work = document.getElementById("work");
if (work) {
  const ran = work.hasAttribute("data-runs");
  const events = new EventSource("/events");
  events.onmessage = (message) => {
    const news = JSON.parse(message.data);
    work.textContent = news.text;
    if (news.progress) {
      const bar = document.createElement("progress");
      [bar.value, bar.max] = news.progress;
      bar.ariaHidden = "true";
      work.prepend(bar, " ");
    }
    // A batch may have ended before anybody listened.
    if (!news.stale && !(ran && !news.runs)) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Show the new scores";
    work.append(" ", link);
  };
  addEventListener("pagehide", () => events.close());
}
