// What both pages use: the one of a node and the one of a cluster. Every text comes from what GET report says, and
// nothing is judged here. Only times are written here, in the reader's own time zone. Text is set as text, never as HTML.

// Links are relative, so the page must be a directory: behind a proxy it may have been opened without the last slash.
if (!location.pathname.endsWith("/")) {
  history.replaceState(null, "", `${location.pathname}/${location.search}${location.hash}`);
}

const REPORT = document.body.dataset.report;
const NODE = document.body.dataset.node;
const POLL_SECONDS = 5;
const GIVE_UP_SECONDS = 15;      // the exporter answers within 10 s even for a node that hangs
const UNKNOWN = "–";

/* ---- Times. ---- */

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const clock = milliseconds => CLOCK.format(milliseconds);

/* ---- Elements. ---- */

const $ = id => document.getElementById(id);
function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
function write(element, text, className) {
  if (element.textContent !== text) element.textContent = text;
  if (className !== undefined && element.className !== className) element.className = className;
}
/** Advice in which text between backquotes is code, and a link to what the runbook says. */
function advice(text, { id, runbook }) {
  const element = make("p"), link = make("a", "", id);
  link.href = runbook;
  element.append(...text.split("`").map((part, index) => (index % 2 ? make("code", "", part) : part)));
  element.append(" ", link);
  return element;
}
/** Replace the children, unless they are the same already. */
function refill(parent, children) {
  const isSame = children.length === parent.childNodes.length && children.every((child, index) => child.isEqualNode(parent.childNodes[index]));
  if (!isSame) parent.replaceChildren(...children);
}

/* ---- State and findings. ---- */

const COLOURS = { up: "#177245", attention: "#c98a17", down: "#d13b30", silent: "#d13b30", asking: "#808890" };

function showState(kind, headline, reason) {
  document.body.dataset.state = kind;
  write($("headline"), headline);
  refill($("reason"), reason);
  const title = `${headline} – ${NODE}`;
  if (document.title !== title) {
    document.title = title;
    const colour = encodeURIComponent(COLOURS[kind]);
    $("icon").href = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='${colour}'/%3E%3C/svg%3E`;
  }
}
/** Show the findings, after the two lines of `first` if there are any, so that the layout does not shift. */
function showFindings(findings, first, mark = "is-idle") {
  const items = findings.map(each => {
    const item = make("li", `is-${each.severity}`), body = make("div");
    body.append(make("p", "", each.sentence), advice(each.advice, each));
    item.append(body);
    return item;
  });
  if (first.length) {
    const item = make("li", mark), body = make("div");
    body.append(...first.map(line => make("p", "", line)));
    item.append(body);
    items.unshift(item);
  }
  refill($("findings"), items);
}

/* ---- Polling. ---- */

/** Fetch the report; throw an Error whose message is the sentence to show. */
async function fetchReport() {
  const giveUp = new AbortController();
  const alarm = setTimeout(() => giveUp.abort(), GIVE_UP_SECONDS * 1000);
  try {
    const response = await fetch(REPORT, { cache: "no-store", signal: giveUp.signal });
    const text = await response.text();
    if (response.status === 503) throw new Error("It has as many requests in progress as --web.max-requests allows.");
    if (!response.ok) throw new Error(`It answered with HTTP status ${response.status}.`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof TypeError) throw new Error("No connection. Check that it is running and that this machine can reach it.");
    if (error instanceof SyntaxError) throw new Error("Its answer is not a report.");
    if (error.name === "AbortError") throw new Error(`No answer within ${GIVE_UP_SECONDS} seconds.`);
    throw error;
  } finally {
    clearTimeout(alarm);
  }
}

let answeredAt = null;    // when the exporter last answered
let silentSince = null;   // since when it does not
let isAsking = false;
let isPaused = false;
let timer = 0;

function showSilence(message, unknown) {
  showState("silent", `The exporter has not answered since ${clock(silentSince)}`, [make("span", "soft", message)]);
  const seen = answeredAt === null ? unknown : `The values below are from ${clock(answeredAt)}.`;
  showFindings([], [seen, "This page keeps trying."], "is-critical");
}
function showBeat() {
  const lamp = $("lamp");
  lamp.classList.remove("beat");
  void lamp.offsetWidth;  // restarts the animation
  lamp.classList.add("beat");
}
function showAsked() {
  const every = isPaused ? "paused" : `every ${POLL_SECONDS} s`;
  const time = make("time", "", answeredAt === null ? "" : clock(answeredAt));
  if (answeredAt !== null) time.dateTime = new Date(answeredAt).toISOString();
  $("asked").replaceChildren(...(answeredAt === null ? ["no answer yet, ", every] : ["updated ", time, ", ", every]));
}

/**
 * Ask for the report again and again, while the page is seen and not paused. `answered` is called with each report, its
 * time and whether the exporter was silent before; `unanswered` with the sentence that says why there is none, the time
 * and whether the exporter has just fallen silent. `unknown` says what is not known before the first answer.
 */
function poll({ answered, unanswered, unknown }) {
  async function ask() {
    clearTimeout(timer);
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await fetchReport().catch(error => error), at = Date.now(), wasSilent = silentSince !== null;
      if (answer instanceof Error) {
        silentSince ??= at;
        showSilence(answer.message, unknown);
        unanswered(answer.message, at, !wasSilent);
      } else {
        silentSince = null;
        answeredAt = at;
        showBeat();
        await answered(answer, at, wasSilent);
      }
    } finally {
      isAsking = false;
      showAsked();
      schedule();
    }
  }
  function schedule() {
    clearTimeout(timer);
    if (!document.hidden && !isPaused) timer = setTimeout(ask, POLL_SECONDS * 1000);
  }
  function resume() {
    if (document.hidden || isPaused) clearTimeout(timer);
    else ask();
  }
  document.addEventListener("visibilitychange", resume);
  $("pause").addEventListener("click", () => {
    isPaused = !isPaused;
    write($("pause"), isPaused ? "Resume" : "Pause");
    showAsked();
    resume();
  });
  document.querySelector("main").hidden = false;
  showFindings([], ["Waiting for the first answer.", "A node that hangs is shown as down after ten seconds."]);
  ask();
}
