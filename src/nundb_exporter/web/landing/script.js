const METRICS = document.body.dataset.metrics;
const NODE = document.body.dataset.node;
const POLL_SECONDS = 5;
const GIVE_UP_SECONDS = 15;      // the exporter answers within 10 s even for a node that hangs
const OLD_PENDING_SECONDS = Number(document.body.dataset.oldSeconds);
const CLOCK_TOLERANCE_SECONDS = 5;
const STUCK_ANSWERS = 3;         // a snapshot is pending for milliseconds, a start lasts one second: in three answers in a row it is stuck
const GAP_SECONDS = 30;          // no line is drawn across a longer gap between answers
const MAX_POINTS = 720;          // an hour
const MAX_EVENTS = 100;
const MAX_ROWS = 200;
const MAX_NAME = 120;
const WINDOWS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];  // minutes

/* ---- Parsing the text format 0.0.4. ---- */

/** Return a Map of families by name, each {type, help, samples: [{labels, value}]}; throw if a line does not parse. */
function parse(text) {
  const families = new Map();
  const family = name => {
    if (!families.has(name)) families.set(name, { type: "untyped", help: "", samples: [] });
    return families.get(name);
  };
  text.split("\n").forEach((line, index) => {
    const meta = /^#[ \t]+(HELP|TYPE)[ \t]+([^ \t]+)[ \t]*(.*)$/.exec(line);
    if (meta) {
      if (meta[1] === "TYPE") family(meta[2]).type = meta[3].trim();
      else family(meta[2]).help = meta[3].replace(/\\([\\n])/g, (_, c) => (c === "n" ? "\n" : c));
    } else if (line.trim() && !line.startsWith("#")) {
      const [name, labels, value] = sample(line, index + 1);
      family(name).samples.push({ labels, value });
    }
  });
  return families;
}

function sample(line, number) {
  let position = 0;
  const take = pattern => {
    pattern.lastIndex = position;
    const found = pattern.exec(line);
    if (found) position = pattern.lastIndex;
    return found;
  };
  const labels = Object.create(null);
  const name = take(/[ \t]*([a-zA-Z_:][\w:]*)[ \t]*/y);
  if (name && take(/\{[ \t]*/y)) {
    const next = () => take(/([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,[ \t]*|(?=\}))/y);
    for (let pair = next(); pair; pair = next())
      labels[pair[1]] = pair[2].replace(/\\([\\"n])/g, (_, c) => (c === "n" ? "\n" : c));
    if (!take(/\}[ \t]*/y)) throw new SyntaxError(`line ${number}`);
  }
  const value = take(/([^ \t]+)(?:[ \t]+-?\d+)?[ \t]*$/y);
  const parsed = value && toNumber(value[1]);
  if (!name || !value || (Number.isNaN(parsed) && !/^nan$/i.test(value[1]))) throw new SyntaxError(`line ${number}`);
  return [name[1], labels, parsed];
}

function toNumber(text) {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  return infinite ? (infinite[1] === "-" ? -Infinity : Infinity) : Number(text);
}

/* ---- From families to the node's state. ---- */

/** Return the node's state; null is what it does not report. `now` is the exporter's clock, in seconds. */
function describe(families, now) {
  const all = name => families.get(name)?.samples ?? [];
  const one = (name, label, value) => all(name).find(each => !label || each.labels[label] === value)?.value ?? null;
  const isOne = each => each.value === 1;
  const collectors = all("nundb_scrape_collector_success");
  // All fail when the node gives no answer, which says nothing about the collectors.
  const ran = one("nundb_up") === 0 && !collectors.some(isOne) ? [] : collectors;
  const state = {
    now,
    isUp: one("nundb_up") === null ? null : one("nundb_up") === 1,
    reason: all("nundb_scrape_failure").find(isOne)?.labels.reason ?? null,
    role: all("nundb_node_role").find(isOne)?.labels.role ?? null,
    acting: one("nundb_node_acting_primary"),
    started: one("nundb_process_start_time_seconds"),
    pending: one("nundb_replication_pending_operations"),
    stuck: one("nundb_replication_stuck_snapshots"),
    oplogBytes: one("nundb_oplog_size_bytes"),
    oplogRecords: one("nundb_oplog_records"),
    replication: one("nundb_replication_duration_moving_average_seconds"),
    query: one("nundb_query_duration_moving_average_seconds"),
    scrape: one("nundb_scrape_duration_seconds"),
    isOwedKnown: all("nundb_replication_unacknowledged_operations").length > 0,
    transports: all("nundb_transport_up").map(each => ({ name: each.labels.transport, isUp: isOne(each) })),
    collectors: ran.map(each => ({
      name: each.labels.collector,
      isWell: isOne(each),
      seconds: one("nundb_scrape_collector_duration_seconds", "collector", each.labels.collector),
    })),
    exporter: {
      started: one("process_start_time_seconds"),
      memory: one("process_resident_memory_bytes"),
      files: one("process_open_fds"),
      maxFiles: one("process_max_fds"),
      rejected: one("nundb_exporter_requests_rejected_total"),
      dropped: one("nundb_exporter_samples_dropped_total"),
      python: all("python_info")[0]?.labels.version ?? null,
    },
  };
  state.members = members(all, one, state, now);
  state.databases = databases(all);
  return state;
}

function members(all, one, state, now) {
  const listed = all("nundb_cluster_member_info").map(each => [each.labels.member, each.labels.role]);
  const names = new Set(listed.map(([name]) => name));
  // A member that left is not listed, but operations for it may stay pending.
  const gone = all("nundb_replication_unacknowledged_operations")
    .filter(each => each.value && !names.has(each.labels.member))
    .map(each => [each.labels.member, "gone"]);
  return [...listed, ...gone].map(([name, role]) => {
    const link = one("nundb_cluster_member_connected", "member", name);
    const oldest = one("nundb_replication_oldest_pending_timestamp_seconds", "member", name);
    return {
      name,
      role,
      isSelf: state.role !== null && link === null && role !== "gone",
      link,
      owed: one("nundb_replication_unacknowledged_operations", "member", name),
      oldest: oldest === null ? null : Math.max(now - oldest, 0),
    };
  });
}

function databases(all) {
  const found = new Map();
  const at = name => {
    if (!found.has(name)) found.set(name, { name, strategy: null, connections: null, keys: null, unresolved: null, resolved: null, pending: [] });
    return found.get(name);
  };
  for (const each of all("nundb_database_info")) at(each.labels.database).strategy = each.labels.strategy;
  for (const each of all("nundb_database_connections")) at(each.labels.database).connections = each.value;
  for (const each of all("nundb_database_keys")) at(each.labels.database).keys = each.value;
  for (const { labels, value } of all("nundb_database_conflicts"))
    at(labels.database)[labels.state === "unresolved" ? "unresolved" : "resolved"] = value;
  for (const { labels, value } of all("nundb_replication_pending_database_operations"))
    at(labels.database).pending.push([labels.operation, value]);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/* ---- Problems, and what to do about them. A text is a list; a {name} in it comes from the node. ---- */

const REASONS = {
  connect: ["No connection to the node.", "Check that it is running and that its address and port are correct. `nundb-exporter check` shows the exact error."],
  timeout: ["The node does not answer in time.", "It accepts connections but hangs: check its log and its load. If that does not help, restart it."],
  auth: ["The node refuses the user or the password.", "Compare NUN_USER and NUN_PWD of the exporter with those of the node."],
  protocol: ["The answer is not Nun-db's.", "Check that the address is Nun-db's: by default HTTP is on port 3013, WebSocket on 3012, TCP on 3014."],
};

const name = text => ({ name: text });
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** Return the problems as [{level, text, advice}], the worst first; `recent` are the points so far. */
function judge(state, recent) {
  const found = [];
  const bad = (text, advice = "") => found.push({ level: "bad", text, advice });
  const warn = (text, advice = "") => found.push({ level: "warn", text, advice });
  if (state.isUp === false) {
    const [text, advice] = REASONS[state.reason] ?? ["The node is down.", "`nundb-exporter check` shows the exact error."];
    bad([text], advice);
    return found;
  }
  for (const each of state.collectors.filter(each => !each.isWell))
    bad(["Collector ", name(each.name), " failed: its metrics are missing."], "`nundb-exporter check` and the exporter's log show why.");
  for (const each of state.transports.filter(each => !each.isUp))
    bad(["The ", name(each.name), " listener does not answer."], "Nun-db's listeners fail independently; restart the node to bring them back.");
  for (const member of state.members) judgeMember(member, bad);
  judgeRoles(state, bad, warn);
  const last = recent.slice(-STUCK_ANSWERS);
  if (last.length === STUCK_ANSWERS && last.every(point => point.isAlone))
    bad(["This node has neither elected a primary nor joined one."], "It should take a second after the start: look for `election` in its log.");
  if (last.length === STUCK_ANSWERS && last.every(point => point.stuck > 0))
    bad([`${plural(state.stuck, "snapshot")} not acknowledged by every replica.`], "Later snapshots do not reach the replicas until the node restarts.");
  for (const each of state.databases.filter(each => each.unresolved > 0))
    warn([`${plural(each.unresolved, "unresolved conflict")} in `, name(each.name), "."], "An arbiter client resolves them: check that one is connected.");
  if (state.pending > 0 && !state.isOwedKnown && state.collectors.some(each => each.name === "pending" && each.isWell))
    warn([`${number(state.pending)} operations are pending, too many to list by member.`], "The limit is --collector.pending.max-operations, because a long list is expensive for the node.");
  if (state.started !== null && state.started > state.now + CLOCK_TOLERANCE_SECONDS)
    warn(["The node's start time is in the future."], "Its clock and the exporter's differ: every age shown here is off by that much.");
  return found.sort((a, b) => (a.level === b.level ? 0 : a.level === "bad" ? -1 : 1));
}

function judgeMember(member, bad) {
  if (member.role === "gone")
    bad([`${plural(member.owed, "operation waits", "operations wait")} for `, name(member.name), ", which left the cluster."], "They stay until this node restarts: a member that comes back is not sent them again.");
  else if (member.oldest !== null && member.oldest > OLD_PENDING_SECONDS)
    bad([name(member.name), ` has not acknowledged ${plural(member.owed, "operation")}, the oldest for ${age(member.oldest)}.`], "Check that it is running and keeps up; `nundb-exporter pending` lists the operations.");
  if (member.link === 0) bad(["No link to ", name(member.name), "."], "Check that it is running and that the nodes can reach each other.");
}

function judgeRoles(state, bad, warn) {
  const primaries = state.members.filter(member => member.role === "primary");
  if (state.members.length && !primaries.length) bad(["This node lists no primary."], "An election takes about a second; if it does not end, check the members' logs.");
  if (primaries.length > 1) bad(["This node lists more than one primary: ", ...primaries.flatMap((each, index) => [index ? ", " : "", name(each.name)]), "."], "Writes to them diverge. Compare what each node reports.");
  if (state.role === "primary" && state.acting === 0) warn(["The node reports itself as primary but does not act as one."], "Normal during an election; otherwise the cluster has no primary.");
}

/** Return what changed between two answers, as texts. */
function changes(before, after) {
  const found = [];
  if (before.isUp !== after.isUp && after.isUp !== null)
    found.push(after.isUp ? ["The node answers again."] : ["The node is down: ", (REASONS[after.reason]?.[0] ?? "no reason reported.").replace(/^./, c => c.toLowerCase())]);
  return found;
}

/** Return what changed between two answers of a node that was up both times. */
function changesWithin(before, after) {
  const found = [];
  if (before.started !== null && after.started !== null && before.started !== after.started) found.push(["The node has restarted."]);
  if (before.role && after.role && before.role !== after.role) found.push([`The role changed from ${words(before.role)} to ${words(after.role)}.`]);
  const compare = (kind, joined, left) => {
    const old = new Map(before[kind].map(each => [each.name, each]));
    const fresh = new Map(after[kind].map(each => [each.name, each]));
    for (const each of fresh.values()) if (!old.has(each.name)) found.push([name(each.name), joined]);
    for (const each of old.values()) if (!fresh.has(each.name)) found.push([name(each.name), left]);
    return [...fresh.values()].filter(each => old.has(each.name)).map(each => [old.get(each.name), each]);
  };
  for (const [was, is] of compare("members", " is now a member.", " is no longer a member.")) {
    if (was.role !== is.role && !is.isSelf) found.push([name(is.name), is.role === "gone" ? " left the cluster." : ` is now ${words(is.role)}.`]);
    if (was.link !== is.link && is.link !== null) found.push([is.link ? "Link established to " : "Link lost to ", name(is.name), "."]);
  }
  for (const [was, is] of compare("collectors", " is now collected.", " is no longer collected."))
    if (was.isWell !== is.isWell) found.push(["Collector ", name(is.name), is.isWell ? " works again." : " failed."]);
  const named = list => ({ databases: list.filter(each => each.strategy !== null) });
  [before, after] = [named(before.databases), named(after.databases)];
  compare("databases", " is now a database.", " is no longer a database.");
  return found;
}

/* ---- Formatting. ---- */

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const known = format => value => (value === null || !Number.isFinite(value) ? "–" : format(value));
const number = known(value => GROUPED.format(value));
const three = value => (value === 0 ? "0" : value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2));
const duration = known(seconds =>
  seconds === 0 ? "0 ms" : seconds < 1e-6 ? "under 1 µs" : seconds < 9.995e-4 ? `${three(seconds * 1e6)} µs` : seconds < 0.9995 ? `${three(seconds * 1e3)} ms` : `${three(seconds)} s`);
const bytes = known(value => {
  const unit = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), 4);
  return `${unit ? three(value / 1024 ** unit) : value} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
});
/** A duration in its largest unit, and the next one if the number is small. */
const age = known(seconds => {
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const at = units.findIndex(([size]) => seconds >= size);
  if (at < 0) return "under 1 s";
  const whole = Math.floor(seconds / units[at][0]);
  const rest = at < 3 && whole < 10 ? Math.floor((seconds % units[at][0]) / units[at + 1][0]) : 0;
  return rest ? `${whole} ${units[at][1]} ${rest} ${units[at + 1][1]}` : `${whole} ${units[at][1]}`;
});
const clock = milliseconds => CLOCK.format(milliseconds);
const words = role => (role === null ? "–" : role.replace(/_/g, " "));
/** A name that the node chose: invisible characters are escaped, and long names are cut. */
function visible(text) {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, c => `\\u{${c.codePointAt(0).toString(16)}}`);
  return plain.length > MAX_NAME ? `${plain.slice(0, MAX_NAME)}…` : plain;
}

/* ---- Elements. Text is only set as text, never as HTML. ---- */

const $ = id => document.getElementById(id);
function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
function draw(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
function write(element, text, className) {
  if (element.textContent !== text) element.textContent = text;
  if (className !== undefined && element.className !== className) element.className = className;
}
function sentence(parts, tag = "p") {
  const element = make(tag);
  for (const part of parts) element.append(typeof part === "string" ? part : make("bdi", "name", visible(part.name)));
  return element;
}
/** Advice in which text between backquotes is code. */
function advice(text) {
  const element = make("p");
  element.append(...text.split("`").map((part, index) => (index % 2 ? make("code", "", part) : part)));
  return element;
}
/** Replace the children, unless they are the same already. */
function refill(parent, children) {
  const isSame = children.length === parent.childNodes.length && children.every((child, index) => child.isEqualNode(parent.childNodes[index]));
  if (!isSame) parent.replaceChildren(...children);
}

/* ---- Charts. ---- */

const WIDTH = 600, HEIGHT = 60;
const points = [];   // {at (ms), isFailure, stuck, isAlone, and the values of the charts}
let cursor = null;   // the time under the cursor, the same on all charts

const CHARTS = [
  { key: "pending", title: "Pending operations", format: number, isFromZero: true, family: "nundb_replication_pending_operations" },
  { key: "oplogRecords", title: "Operation log, records", format: number, isFromZero: false, family: "nundb_oplog_records" },
  { key: "oplogBytes", title: "Operation log, size", format: bytes, isFromZero: false, family: "nundb_oplog_size_bytes" },
  { key: "replication", title: "Replication time, average", format: duration, isFromZero: true, family: "nundb_replication_duration_moving_average_seconds" },
  { key: "query", title: "Query time, average", format: duration, isFromZero: true, family: "nundb_query_duration_moving_average_seconds" },
  { key: "scrape", title: "Scrape duration", format: duration, isFromZero: true, family: "nundb_scrape_duration_seconds" },
].map(plan => {
  const figure = make("figure", "chart card"), reading = make("div", "reading"), plot = make("div", "plot");
  const value = make("span", "value", "–"), when = make("span", "when"), range = make("span", "range");
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const parts = {};
  for (const [part, tag] of [["gone", "path"], ["floor", "line"], ["area", "path"], ["curve", "path"], ["cursor", "line"], ["dot", "path"]])
    parts[part] = svg.appendChild(draw(tag, { class: part }));
  for (const [key, at] of [["x1", 0], ["x2", WIDTH], ["y1", HEIGHT], ["y2", HEIGHT]]) parts.floor.setAttribute(key, at);
  plot.append(svg);
  plot.tabIndex = 0;
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-label", `${plan.title}, over time`);
  plot.setAttribute("aria-valuemin", "0");
  reading.append(value, when, range);
  figure.append(make("h3", "", plan.title), reading, plot);
  $("charts").append(figure);
  const chart = { ...plan, figure, plot, value, when, range, parts };
  plot.addEventListener("pointermove", event => lookAt(event, plot));
  plot.addEventListener("pointerdown", event => lookAt(event, plot));
  plot.addEventListener("pointerleave", () => setCursor(null));
  plot.addEventListener("blur", () => setCursor(null));
  plot.addEventListener("keydown", event => step(event));
  return chart;
});

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
    const values = points.filter(point => point.at >= from).map(point => point[chart.key]).filter(Number.isFinite);
    const low = Math.min(...values), high = Math.max(...values);
    chart.isKnown = values.length > 0;
    const floor = chart.isFromZero ? 0 : low, height = high - floor;
    chart.x = at => +(((at - from) / (to - from)) * WIDTH).toFixed(2);
    // Full scale leaves a margin of two units; a constant line is in the middle, or on zero.
    chart.y = value => +(HEIGHT - 1 - (height ? (value - floor) / height : chart.isFromZero && !value ? 0 : 0.5) * (HEIGHT - 4)).toFixed(2);
    const runs = chart.isKnown ? segments(chart.key, from) : [];
    const line = run => run.map((point, index) => `${index ? "L" : "M"}${chart.x(point.at)} ${chart.y(point[chart.key])}`).join("") + (run.length === 1 ? "h0" : "");
    chart.parts.curve.setAttribute("d", runs.map(line).join(""));
    chart.parts.area.setAttribute("d", chart.isFromZero
      ? runs.filter(run => run.length > 1).map(run => `${line(run)}V${HEIGHT}H${chart.x(run[0].at)}Z`).join("") : "");
    chart.parts.gone.setAttribute("d", outages(from).map(([start, end]) => `M${chart.x(start)} 0H${chart.x(end)}V${HEIGHT}H${chart.x(start)}Z`).join(""));
    write(chart.range, values.length ? `min ${chart.format(low)} · max ${chart.format(high)}` : "");
    showReading(chart);
  }
}
/** Split the history where values are missing, and at gaps. */
function segments(key, from) {
  const runs = [];
  let run = null, before = null;
  for (const point of points.filter(each => each.at >= from)) {
    const isKnown = Number.isFinite(point[key]);
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
  const value = point[chart.key];
  const text = chart.format(value ?? null);
  const time = clock(point.at);
  write(chart.value, text);
  write(chart.when, cursor === null ? "" : time);
  chart.plot.setAttribute("aria-valuemax", points.length - 1);
  chart.plot.setAttribute("aria-valuenow", index);
  chart.plot.setAttribute("aria-valuetext", `${text} at ${time}${chart.range.textContent ? `, ${chart.range.textContent}` : ""}`);
  const isSeen = Number.isFinite(value) && chart.x(point.at) >= 0;
  chart.parts.dot.setAttribute("d", isSeen ? `M${chart.x(point.at)} ${chart.y(value)}h0` : "");
  const line = cursor === null ? [WIDTH, 0, 0] : [chart.x(point.at), 0, HEIGHT];
  for (const [key, at] of [["x1", line[0]], ["x2", line[0]], ["y1", line[1]], ["y2", line[2]]]) chart.parts.cursor.setAttribute(key, at);
}

/* ---- The rest of the page. ---- */

const COLOURS = { up: "#177245", attention: "#c98a17", down: "#d13b30", silent: "#d13b30", none: "#808890", asking: "#808890" };

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
/** Summarise what was checked and found good, and claim no more than that. */
function summary(state) {
  const links = state.members.filter(member => member.link !== null).length;
  const parts = [
    state.collectors.length && `${plural(state.collectors.length, "collector works", "collectors work")}`,
    links && plural(links, "link is up", "links are up"),
    state.isOwedKnown && `no operation pending for more than ${age(OLD_PENDING_SECONDS)}`,
  ].filter(Boolean);
  return parts.length ? `${parts.join(", ").replace(/^./, c => c.toUpperCase())}.` : "";
}
/** Show the problems, or the two lines of `otherwise`, so that the layout does not shift. */
function showFindings(found, otherwise, mark = "is-idle") {
  const items = found.map(({ level, text, advice: what }) => {
    const item = make("li", `is-${level}`), body = make("div");
    body.append(sentence(text));
    if (what) body.append(advice(what));
    item.append(body);
    return item;
  });
  if (!items.length) {
    const item = make("li", mark), body = make("div");
    body.append(...otherwise.map(line => make("p", "", line)));
    item.append(body);
    items.push(item);
  }
  refill($("findings"), items);
}

function showFacts(state, isStale) {
  write($("role"), words(state.role));
  write($("acting"), state.acting === null ? "" : state.acting ? "acts as primary" : "not acting as primary");
  write($("uptime"), state.started === null ? "–" : age(Math.max(state.now - state.started, 0)));
  write($("started"), state.started === null ? "" : `since ${DAY.format(state.started * 1000)}`);
  const here = state.members.filter(member => member.role !== "gone");
  const lost = here.filter(member => member.link === 0).length;
  write($("member-count"), here.length ? number(here.length) : "–");
  write($("links"), lost ? plural(lost, "link lost", "links lost") : here.length > 1 ? "all linked" : here.length ? "single node" : "", lost ? "bad" : "");
  write($("pending"), number(state.pending));
  const oldest = Math.max(...state.members.map(member => member.oldest ?? -1));
  write($("oldest"), oldest < 0 ? "" : `oldest ${age(oldest)}`, oldest > OLD_PENDING_SECONDS ? "bad" : "");
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

function showMembers(state) {
  const rows = state.members.slice(0, MAX_ROWS).map(member => {
    const role = member.role === "gone" ? "left" : words(member.role);
    const link = member.isSelf ? "this node" : member.link === null ? "–" : member.link ? "linked" : "lost";
    const isOld = member.oldest !== null && member.oldest > OLD_PENDING_SECONDS;
    return [
      [visible(member.name), "", member.name, `${role}, ${link}`],
      [role, member.role === "gone" ? "aside bad" : "aside"],
      [link, member.link === 0 ? "aside bad" : member.link ? "aside" : "aside soft"],
      [member.isSelf ? "–" : number(member.owed), member.owed ? "number" : "number soft"],
      [member.oldest === null ? "–" : age(member.oldest), isOld ? "number bad" : "number soft"],
    ];
  });
  fill($("members"), rows);
  $("members").hidden = !rows.length;
  $("members-empty").hidden = rows.length > 0;
  write($("members-empty"), "The node lists no members.");
  write($("members-note"), state.members.length > MAX_ROWS ? `the first ${MAX_ROWS} of ${number(state.members.length)}` : state.members.length > 1 ? "as this node sees them" : "");
}

function showDatabases(state) {
  const list = state.databases;
  const columns = [true, true, list.some(each => each.connections !== null), list.some(each => each.keys !== null),
    list.some(each => each.unresolved !== null), list.some(each => each.pending.length)];
  const conflicts = each => (each.unresolved === null ? "–" : each.unresolved ? `${number(each.unresolved)} unresolved` : each.resolved ? `${number(each.resolved)} resolved` : "0");
  const rows = list.slice(0, MAX_ROWS).map(each => [
    [each.name === "" ? "(the cluster itself)" : visible(each.name), "", each.name, words(each.strategy)],
    [words(each.strategy), each.strategy === "none" ? "aside soft" : "aside"],
    [number(each.connections), each.connections ? "number" : "number soft"],
    [number(each.keys), each.keys ? "number" : "number soft"],
    [conflicts(each), each.unresolved ? "number bad" : "number soft"],
    [each.pending.map(([operation, count]) => `${number(count)} ${words(operation)}`).join(", ") || "–", each.pending.length ? "number" : "number soft"],
  ]);
  fill($("databases"), rows);
  for (const row of $("databases").rows) [...row.cells].forEach((cell, index) => { cell.hidden = !columns[index]; });
  $("databases").hidden = !rows.length;
  $("databases-empty").hidden = rows.length > 0;
  write($("databases-empty"), "The node does not report its databases.");
  write($("databases-note"), list.length > MAX_ROWS ? `the first ${MAX_ROWS} of ${number(list.length)}` : list.length > 1 ? number(list.length) : "");
}

function showExporter(state) {
  const own = state.exporter;
  const pairs = [
    ["Last scrape", duration(state.scrape)],
    ["Memory", bytes(own.memory)],
    ["Open files", own.files === null ? "–" : `${number(own.files)} of ${number(own.maxFiles)}`],
    ["Uptime", own.started === null ? "–" : age(Math.max(state.now - own.started, 0))],
    ["Requests rejected", number(own.rejected), own.rejected ? "warn" : ""],
    ["Samples dropped", number(own.dropped), own.dropped ? "warn" : ""],
  ];
  refill($("exporter"), pairs.map(([term, text, className = ""]) => {
    const pair = make("div");
    pair.append(make("dt", "", term), make("dd", className, text));
    return pair;
  }));
  const failedFirst = [...state.collectors].sort((a, b) => a.isWell - b.isWell);
  refill($("collectors"), failedFirst.map(each => {
    const item = make("li", each.isWell ? "" : "failed", words(each.name));
    item.append(make("span", "soft", ` ${each.isWell ? duration(each.seconds) : "failed"}`));
    return item;
  }));
  $("collectors").hidden = !state.collectors.length;
}

function showReference(families) {
  const shown = [...families].filter(([, family]) => family.help);
  refill($("families"), shown.map(([family, { help, type }]) => {
    const row = make("div"), term = make("dt");
    term.append(make("code", "name", family), make("span", "soft", ` ${type}`));
    row.append(term, make("dd", "soft", help));
    return row;
  }));
  for (const chart of CHARTS) chart.figure.title = families.get(chart.family)?.help ?? "";
}

function addEvent(parts) {
  const item = make("li");
  const time = make("time", "", clock(Date.now()));
  time.dateTime = new Date().toISOString();
  item.append(time, sentence(parts, "span"));
  $("events").prepend(item);
  while ($("events").children.length > MAX_EVENTS) $("events").lastChild.remove();
}

/* ---- Polling. ---- */

let last = null;         // the last answer
let lastUp = null;       // the last answer in which the node was up
let lastUpAt = null;
let answeredAt = null;
let downSince = null;
let silentSince = null;
let isAsking = false;
let isPaused = false;
let timer = 0;

/** Fetch and read the metrics; throw an Error whose message is the sentence to show. */
async function fetchMetrics() {
  const giveUp = new AbortController();
  const alarm = setTimeout(() => giveUp.abort(), GIVE_UP_SECONDS * 1000);
  try {
    const response = await fetch(METRICS, { cache: "no-store", headers: { Accept: "text/plain;version=0.0.4" }, signal: giveUp.signal });
    const text = await response.text();
    if (response.status === 503) throw new Error("It has as many requests in progress as --web.max-requests allows.");
    if (!response.ok) throw new Error(`It answered with HTTP status ${response.status}.`);
    // Ages are computed with the exporter's clock: this machine's may be wrong.
    const now = Date.parse(response.headers.get("Date") ?? "") || Date.now();
    try {
      return [parse(text), now / 1000];
    } catch (error) {
      throw new Error(`Its answer is not a valid metrics page (${error.message}).`);
    }
  } catch (error) {
    if (error instanceof TypeError) throw new Error("No connection. Check that it is running and that this machine can reach it.");
    if (error.name === "AbortError") throw new Error(`No answer within ${GIVE_UP_SECONDS} seconds.`);
    throw error;
  } finally {
    clearTimeout(alarm);
  }
}

const address = () => make("span", "name soft", NODE);

function answered(families, now) {
  const at = Date.now();
  const state = describe(families, now);
  if (silentSince !== null) addEvent(["The exporter answers again."]);
  silentSince = null;
  answeredAt = at;
  if (last === null) addEvent([state.isUp === null ? "First answer." : state.isUp ? "First answer: the node is up." : "First answer: the node is down."]);
  else {
    for (const text of changes(last, state)) addEvent(text);
    if (state.isUp && lastUp) for (const text of changesWithin(lastUp, state)) addEvent(text);
  }
  const picked = Object.fromEntries(CHARTS.map(chart => [chart.key, state[chart.key]]));
  const isAlone = state.role === "starting_up" && !state.members.length;
  remember({ at, isFailure: state.isUp === false, stuck: state.stuck, isAlone, ...picked });
  if (state.isUp === false) downSince ??= at;
  else downSince = null;
  const isFirstDown = state.isUp === false && lastUp === null;
  last = state;
  if (state.isUp) [lastUp, lastUpAt] = [state, at];

  const found = judge(state, points);
  if (state.isUp === null) {
    showState("none", "No node", [make("span", "soft", "The metrics do not say whether a node is up.")]);
    showFindings([], ["The metrics lack nundb_up.", "Check that they come from this exporter."]);
  } else if (state.isUp) {
    showState(found.length ? "attention" : "up", found.length ? `Up, ${plural(found.length, "problem")}` : "Up", [address()]);
    showFindings(found, ["No problems found.", summary(state)], "");
  } else {
    const since = ` since ${clock(downSince)}${isFirstDown ? " or longer" : ""}`;
    showState("down", "Down", [address(), make("span", "soft", since)]);
    showFindings(found, []);
  }
  const shown = state.isUp ? state : lastUp;
  if (shown) {
    showFacts(shown === state ? state : { ...shown, now: lastUp.now }, shown !== state);
    showMembers(shown);
    showDatabases(shown);
  }
  if (!state.isUp && lastUpAt !== null) for (const id of ["members-note", "databases-note"]) write($(id), `as of ${clock(lastUpAt)}`);
  showExporter(state);
  showReference(families);
  const lamp = $("lamp");
  lamp.classList.remove("beat");
  void lamp.offsetWidth;  // restarts the animation
  lamp.classList.add("beat");
}

function unanswered(message) {
  const at = Date.now();
  if (silentSince === null) {
    silentSince = at;
    addEvent(["The exporter does not answer. ", message]);
  }
  remember({ at, isFailure: true, stuck: null });
  showState("silent", `The exporter has not answered since ${clock(silentSince)}`, [make("span", "soft", message)]);
  const seen = answeredAt === null ? "The state of the node is unknown." : `The values below are from ${clock(answeredAt)}.`;
  showFindings([{ level: "bad", text: [seen], advice: "This page keeps trying." }], []);
  for (const element of document.querySelectorAll(".facts, .columns table")) element.classList.add("stale");
}

function remember(point) {
  points.push(point);
  if (points.length > MAX_POINTS) points.shift();
  plotAll();
}

function showAsked() {
  const every = isPaused ? "paused" : `every ${POLL_SECONDS} s`;
  const time = make("time", "", answeredAt === null ? "" : clock(answeredAt));
  if (answeredAt !== null) time.dateTime = new Date(answeredAt).toISOString();
  $("asked").replaceChildren(...(answeredAt === null ? ["no answer yet, ", every] : ["updated ", time, ", ", every]));
}

async function ask() {
  clearTimeout(timer);
  if (isAsking) return;
  isAsking = true;
  try {
    const answer = await fetchMetrics().catch(error => error);
    if (answer instanceof Error) unanswered(answer.message);
    else answered(...answer);
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

document.addEventListener("visibilitychange", () => {
  if (document.hidden || isPaused) clearTimeout(timer);
  else ask();
});
$("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  write($("pause"), isPaused ? "Resume" : "Pause");
  showAsked();
  if (isPaused) clearTimeout(timer);
  else ask();
});
$("to-reference").addEventListener("click", () => { $("reference").open = true; });

$("to-reference").hidden = false;
document.querySelector("main").hidden = false;
showFindings([], ["Waiting for the first answer.", "A node that hangs is shown as down after ten seconds."]);
ask();
