// The page of one node; common.js stands before it.

const GAP_SECONDS = 30;          // no line is drawn across a longer gap between answers
const MAX_POINTS = 720;          // an hour
const MAX_EVENTS = 100;
const MAX_ROWS = 200;
const WINDOWS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];  // minutes

/* ---- Charts. ---- */

function draw(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const WIDTH = 600, HEIGHT = 60;
const points = [];   // {at (ms), isFailure, and by field of the report {value, text}}
let cursor = null;   // the time under the cursor, the same on all charts

const CHARTS = [...document.querySelectorAll(".chart")].map(figure => {
  const title = figure.querySelector("h3").textContent;
  const reading = make("div", "reading"), plot = make("div", "plot");
  const value = make("span", "value", UNKNOWN), when = make("span", "when"), range = make("span", "range");
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const parts = {};
  for (const [part, tag] of [["gone", "path"], ["floor", "line"], ["area", "path"], ["curve", "path"], ["cursor", "line"], ["dot", "path"]])
    parts[part] = svg.appendChild(draw(tag, { class: part }));
  for (const [key, at] of [["x1", 0], ["x2", WIDTH], ["y1", HEIGHT], ["y2", HEIGHT]]) parts.floor.setAttribute(key, at);
  plot.append(svg);
  plot.tabIndex = 0;
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-label", `${title}, over time`);
  plot.setAttribute("aria-valuemin", "0");
  reading.append(value, when, range);
  figure.append(reading, plot);
  const chart = { key: figure.dataset.field, isFromZero: figure.dataset.fromZero === "true", plot, value, when, range, parts };
  plot.addEventListener("pointermove", event => lookAt(event, plot));
  plot.addEventListener("pointerdown", event => lookAt(event, plot));
  plot.addEventListener("pointerleave", () => setCursor(null));
  plot.addEventListener("blur", () => setCursor(null));
  plot.addEventListener("keydown", event => step(event));
  return chart;
});

const numberAt = (point, chart) => point[chart.key]?.value ?? null;
/** The time on the charts' left edge and on their right. */
function period() {
  const end = points.length ? points[points.length - 1].at : Date.now();
  const seen = points.length ? (end - points[0].at) / 60000 : 0;
  const minutes = WINDOWS.find(each => each >= seen) ?? WINDOWS[WINDOWS.length - 1];
  return [end - minutes * 60000, end, minutes];
}
function lookAt(event, plot) {
  const [from, to] = period(), box = plot.getBoundingClientRect();
  setCursor(from + ((event.clientX - box.left) / box.width) * (to - from));
}
function step(event) {
  const last = points.length - 1, at = indexAt(cursor);
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
  if (event.key === "Escape") setCursor(null);
  else if (next !== undefined && last >= 0) {
    event.preventDefault();
    setCursor(points[Math.min(Math.max(next, 0), last)].at);
  }
}
function indexAt(time) {
  if (time === null) return points.length - 1;
  let best = 0;
  points.forEach((point, index) => { if (Math.abs(point.at - time) < Math.abs(points[best].at - time)) best = index; });
  return best;
}
function setCursor(time) {
  cursor = time;
  CHARTS.forEach(showReading);
}

function plotAll() {
  const [from, to, minutes] = period();
  write($("span"), minutes === 1 ? "minute" : minutes === 60 ? "hour" : `${minutes} minutes`);
  for (const chart of CHARTS) {
    const seen = points.filter(point => point.at >= from && numberAt(point, chart) !== null);
    const values = seen.map(point => numberAt(point, chart));
    const low = Math.min(...values), high = Math.max(...values);
    const textOf = value => seen.find(point => numberAt(point, chart) === value)[chart.key].text;
    chart.isKnown = values.length > 0;
    const floor = chart.isFromZero ? 0 : low, height = high - floor;
    chart.x = at => +(((at - from) / (to - from)) * WIDTH).toFixed(2);
    // Full scale leaves a margin of two units; a constant line is in the middle, or on zero.
    chart.y = value => +(HEIGHT - 1 - (height ? (value - floor) / height : chart.isFromZero && !value ? 0 : 0.5) * (HEIGHT - 4)).toFixed(2);
    const runs = chart.isKnown ? segments(chart, from) : [];
    const line = run => run.map((point, index) => `${index ? "L" : "M"}${chart.x(point.at)} ${chart.y(numberAt(point, chart))}`).join("") + (run.length === 1 ? "h0" : "");
    chart.parts.curve.setAttribute("d", runs.map(line).join(""));
    chart.parts.area.setAttribute("d", chart.isFromZero
      ? runs.filter(run => run.length > 1).map(run => `${line(run)}V${HEIGHT}H${chart.x(run[0].at)}Z`).join("") : "");
    chart.parts.gone.setAttribute("d", outages(from).map(([start, end]) => `M${chart.x(start)} 0H${chart.x(end)}V${HEIGHT}H${chart.x(start)}Z`).join(""));
    write(chart.range, values.length ? `min ${textOf(low)} · max ${textOf(high)}` : "");
    showReading(chart);
  }
}
/** Split the history where values are missing, and at gaps. */
function segments(chart, from) {
  const runs = [];
  let run = null, before = null;
  for (const point of points.filter(each => each.at >= from)) {
    const isKnown = numberAt(point, chart) !== null;
    if (!isKnown || point.at - before > GAP_SECONDS * 1000) run = null;
    if (isKnown && run) run.push(point);
    else if (isKnown) {
      run = [point];
      runs.push(run);
    }
    before = point.at;
  }
  return runs;
}
/** The periods in which the node was down or the exporter did not answer, as seen by this page. */
function outages(from) {
  const found = [];
  let begun = null, before = null;
  for (const point of points) {
    const isNear = before !== null && point.at - before <= GAP_SECONDS * 1000;
    if (!point.isFailure && begun !== null) {
      found.push([begun, isNear ? point.at : before]);
      begun = null;
    }
    if (point.isFailure && begun === null) begun = isNear ? before : point.at;
    before = point.at;
  }
  if (begun !== null) found.push([begun, before]);
  return found.filter(([, end]) => end >= from).map(([start, end]) => [Math.max(start, from), end]);
}
function showReading(chart) {
  const index = indexAt(cursor), point = points[index];
  if (!point) return;
  const value = numberAt(point, chart);
  const text = value === null ? UNKNOWN : point[chart.key].text;
  const time = clock(point.at);
  write(chart.value, text);
  write(chart.when, cursor === null ? "" : time);
  chart.plot.setAttribute("aria-valuemax", points.length - 1);
  chart.plot.setAttribute("aria-valuenow", index);
  chart.plot.setAttribute("aria-valuetext", `${text} at ${time}${chart.range.textContent ? `, ${chart.range.textContent}` : ""}`);
  const isSeen = value !== null && chart.x(point.at) >= 0;
  chart.parts.dot.setAttribute("d", isSeen ? `M${chart.x(point.at)} ${chart.y(value)}h0` : "");
  const line = cursor === null ? [WIDTH, 0, 0] : [chart.x(point.at), 0, HEIGHT];
  for (const [key, at] of [["x1", line[0]], ["x2", line[0]], ["y1", line[1]], ["y2", line[2]]]) chart.parts.cursor.setAttribute(key, at);
}

/* ---- The rest of the page. ---- */

function showFacts({ texts, members, started }, isStale) {
  write($("role"), texts.role);
  write($("acting"), texts.acting);
  write($("uptime"), texts.uptime);
  write($("started"), started === null ? "" : `since ${DAY.format(Date.parse(started))}`);
  write($("member-count"), texts.members);
  write($("links"), texts.links, members.some(each => each.is_connected === false) ? "bad" : "");
  write($("pending"), texts.pending_operations);
  write($("oldest"), texts.oldest, members.some(each => each.is_late) ? "bad" : "");
  for (const element of document.querySelectorAll(".facts, .columns > :nth-child(-n+2) table")) element.classList.toggle("stale", isStale);
}

/** Write rows of [text, class, title, text beneath] into a table's body; unchanged cells are not touched. */
function fill(table, rows) {
  const body = table.tBodies[0];
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, index) => {
    const row = body.rows[index] ?? body.insertRow();
    cells.forEach(([text, className = "", title = "", beneath = null], column) => {
      if (!row.cells[column]) {
        const cell = make(column ? "td" : "th");
        if (!column) cell.scope = "row";
        cell.append(make("bdi"));
        if (beneath !== null) cell.append(make("span", "under"));
        row.append(cell);
      }
      const cell = row.cells[column];
      write(cell.firstChild, text, column ? "" : "name");
      if (cell.className !== className) cell.className = className;
      if (cell.title !== title) cell.title = title;
      if (beneath !== null) write(cell.lastChild, beneath);
    });
  });
}

function showMembers({ members, texts }) {
  const rows = members.slice(0, MAX_ROWS).map(each => [
    [each.texts.name, "", each.texts.name, `${each.texts.role}, ${each.texts.link}`],
    [each.texts.role, each.has_left ? "aside bad" : "aside"],
    [each.texts.link, each.is_connected === false ? "aside bad" : each.is_connected ? "aside" : "aside soft"],
    [each.texts.unacknowledged, each.unacknowledged ? "number" : "number soft"],
    [each.texts.oldest_pending_seconds, each.is_late ? "number bad" : "number soft"],
  ]);
  fill($("members"), rows);
  showTable("members", members, "The node lists no members.", texts.members, "as this node sees them");
}

function showDatabases({ databases, texts }) {
  const isKnown = field => databases.some(each => each[field] !== null);
  const columns = [true, true, isKnown("connections"), isKnown("keys"), isKnown("unresolved_conflicts"),
    databases.some(each => Object.keys(each.pending).length)];
  const rows = databases.slice(0, MAX_ROWS).map(each => [
    [each.texts.name, "", each.texts.name, each.texts.strategy],
    [each.texts.strategy, each.strategy === "none" ? "aside soft" : "aside"],
    [each.texts.connections, each.connections ? "number" : "number soft"],
    [each.texts.keys, each.keys ? "number" : "number soft"],
    [each.texts.conflicts, each.unresolved_conflicts ? "number bad" : "number soft"],
    [each.texts.pending, Object.keys(each.pending).length ? "number" : "number soft"],
  ]);
  fill($("databases"), rows);
  for (const row of $("databases").rows) [...row.cells].forEach((cell, index) => { cell.hidden = !columns[index]; });
  showTable("databases", databases, "The node does not report its databases.", texts.databases, texts.databases);
}

/** Show a table or, if it has no rows, the sentence in its place; note how many rows are not shown. */
function showTable(id, rows, empty, total, note) {
  $(id).hidden = !rows.length;
  $(`${id}-empty`).hidden = rows.length > 0;
  write($(`${id}-empty`), empty);
  write($(`${id}-note`), rows.length > MAX_ROWS ? `the first ${MAX_ROWS} of ${total}` : rows.length > 1 ? note : "");
}

function showExporter({ texts, requests_rejected: rejected, samples_dropped: dropped }, node) {
  const pairs = [
    ["Last scrape", node.texts.scrape_seconds],
    ["Memory", texts.memory],
    ["Open files", texts.files],
    ["Uptime", texts.uptime],
    ["Requests rejected", texts.requests_rejected, rejected ? "warn" : ""],
    ["Samples dropped", texts.samples_dropped, dropped ? "warn" : ""],
  ];
  refill($("exporter"), pairs.map(([term, text, className = ""]) => {
    const pair = make("div");
    pair.append(make("dt", "", term), make("dd", className, text));
    return pair;
  }));
  const failedFirst = [...node.collectors].sort((a, b) => (a.failure === null) - (b.failure === null));
  refill($("collectors"), failedFirst.map(({ failure, texts: { name, result } }) => {
    const item = make("li", failure === null ? "" : "failed", name);
    item.append(make("span", "soft", ` ${result}`));
    return item;
  }));
  $("collectors").hidden = !node.collectors.length;
}

/* ---- What changed between two answers. ---- */

/** Return the sentences of findings that have come, and of those that have gone. */
function comings(before, after) {
  const keyed = report => new Map(report.findings.map(each => [JSON.stringify([each.id, each.node, each.member, each.database]), each.sentence]));
  const old = keyed(before), fresh = keyed(after);
  return [
    ...[...fresh].filter(([key]) => !old.has(key)).map(([, text]) => text),
    ...[...old].filter(([key]) => !fresh.has(key)).map(([, text]) => `Over: ${text}`),
  ];
}
/** Return what changed at a node that was up both times, as sentences. */
function changes(before, after) {
  const found = [];
  if (before.started !== null && after.started !== null && before.started !== after.started) found.push("The node has restarted.");
  if (before.role && after.role && before.role !== after.role) found.push(`The role changed from ${before.texts.role} to ${after.texts.role}.`);
  const compare = (old, fresh, kind) => {
    const [was, is] = [old, fresh].map(list => new Map(list.map(each => [each.name, each])));
    for (const [name, { texts }] of is) if (!was.has(name)) found.push(`${texts.name} is now a ${kind}.`);
    for (const [name, { texts }] of was) if (!is.has(name)) found.push(`${texts.name} is no longer a ${kind}.`);
    return [...is].filter(([name]) => was.has(name)).map(([name, each]) => [was.get(name), each]);
  };
  const present = ({ members }) => members.filter(each => !each.has_left);
  for (const [was, is] of compare(present(before), present(after), "member"))
    if (was.role !== is.role && !is.is_self) found.push(`${is.texts.name} is now ${is.texts.role}.`);
  const named = ({ databases }) => databases.filter(each => each.strategy !== null);
  compare(named(before), named(after), "database");
  return found;
}

function addEvent(text) {
  const item = make("li");
  const time = make("time", "", clock(Date.now()));
  time.dateTime = new Date().toISOString();
  item.append(time, make("span", "", text));
  $("events").prepend(item);
  while ($("events").children.length > MAX_EVENTS) $("events").lastChild.remove();
}

/* ---- Polling. ---- */

let last = null;         // the last report
let lastUp = null;       // the node in the last report in which it was up
let lastUpAt = null;
let downSince = null;

async function answered(report, at, wasSilent) {
  const [node] = report.nodes;
  if (wasSilent) addEvent("The exporter answers again.");
  if (last === null) addEvent(node.is_up ? "First answer: the node is up." : "First answer: the node is down.");
  else {
    for (const text of comings(last, report)) addEvent(text);
    if (node.is_up && !last.nodes[0].is_up) addEvent("The node answers again.");
    if (node.is_up && lastUp) for (const text of changes(lastUp, node)) addEvent(text);
  }
  const numbers = Object.fromEntries(CHARTS.map(({ key }) => [key, { value: node[key], text: node.texts[key] }]));
  remember({ at, isFailure: !node.is_up, ...numbers });
  if (node.is_up) downSince = null;
  else downSince ??= at;
  const isFirstDown = !node.is_up && lastUp === null;
  last = report;
  if (node.is_up) [lastUp, lastUpAt] = [node, at];

  const since = node.is_up ? [] : [make("span", "soft", ` since ${clock(downSince)}${isFirstDown ? " or longer" : ""}`)];
  showState(report.state, report.headline, [make("span", "name soft", NODE), ...since]);
  showFindings(report.findings, report.healthy ? ["No problems found.", report.summary] : [], "");
  if (lastUp) {
    showFacts(lastUp, !node.is_up);
    showMembers(lastUp);
    showDatabases(lastUp);
  }
  if (!node.is_up && lastUpAt !== null) for (const id of ["members-note", "databases-note"]) write($(id), `as of ${clock(lastUpAt)}`);
  showExporter(report.exporter, node);
  if ($("slow")) await showSlow().catch(() => $("slow").classList.add("stale"));
}

function unanswered(message, at, isFirst) {
  if (isFirst) addEvent(`The exporter does not answer. ${message}`);
  remember({ at, isFailure: true });
  for (const element of document.querySelectorAll(".facts, .columns table")) element.classList.add("stale");
}

function remember(point) {
  points.push(point);
  if (points.length > MAX_POINTS) points.shift();
  plotAll();
}

$("to-reference").addEventListener("click", () => { $("reference").open = true; });
$("to-reference").hidden = false;
poll({ answered, unanswered, unknown: "The state of the node is unknown." });
