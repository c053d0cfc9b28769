// The page of several nodes; common.js stands before it.

function cell(text, className = "", title = "") {
  const element = make("td", className);
  element.append(make("bdi", "", text));
  element.title = title;
  return element;
}
/** What all names have in common at their end, from a dot or a colon on, tells nothing. */
function shortened(names) {
  if (names.length < 2) return names;
  const ends = [...names[0].matchAll(/[.:]/g)].map(found => names[0].slice(found.index));
  const common = ends.find(end => names.every(name => name.endsWith(end) && name.length > end.length)) ?? "";
  return names.map(name => name.slice(0, name.length - common.length));
}
/** The nodes' names by their URLs, as short as they are told apart. */
function names(nodes) {
  const short = shortened(nodes.map(node => node.texts.url.replace(/^http:\/\//, "")));
  return new Map(nodes.map((node, index) => [node.url, short[index]]));
}
/** A row's head: the node, which leads to its own page. */
function head(node, name) {
  const element = make("th");
  element.scope = "row";
  const link = make("a", "name", name);
  link.href = node.page;
  link.title = node.texts.url;
  element.append(link);
  return element;
}

function showNodes(nodes) {
  const shown = names(nodes);
  refill($("nodes").tBodies[0], nodes.map(node => {
    const row = make("tr");
    const state = node.is_up ? "up" : `down: ${node.reason}`;
    const isLate = node.members.some(each => each.is_late);
    const told = node.same_as === null ? state : `the same as ${node.same_as}`;
    row.append(
      head(node, shown.get(node.url)),
      cell(node.texts.role, node.role === "primary" ? "" : "soft"),
      cell(told, node.is_up ? "good" : "bad", node.failure ?? ""),
      cell(node.texts.pending_operations, node.pending_operations ? "number" : "number soft"),
      cell(node.texts.oldest.replace(/^oldest /, "") || UNKNOWN, isLate ? "number aside bad" : "number aside soft"),
      cell(node.texts.uptime, "number aside soft"),
    );
    return row;
  }));
  $("nodes").hidden = !nodes.length;
  $("nodes-empty").hidden = nodes.length > 0;
  write($("nodes-empty"), "No node is configured; what targets.allow allows can be asked at /probe.");
}

function showViews({ members, views, nodes }) {
  const byUrl = new Map(nodes.map(node => [node.url, node])), shown = names(nodes);
  const first = make("tr"), corner = make("th", "", "sees");
  corner.scope = "col";
  first.append(corner, ...shortened(members).map((name, index) => {
    const column = make("th", "across");
    column.scope = "col";
    column.title = members[index];
    column.append(make("bdi", "name", name));
    return column;
  }));
  refill($("views").tHead, views.length ? [first] : []);
  refill($("views").tBodies[0], views.map(view => {
    const row = make("tr");
    row.append(head(byUrl.get(view.url), shown.get(view.url)), ...view.sights.map(sight => {
      const kinds = ["sight", sight.is_self ? "own" : "", sight.is_odd ? "odd" : "", sight.is_lost ? "lost" : ""];
      const element = cell(sight.text, kinds.filter(Boolean).join(" "), sight.sentence);
      element.setAttribute("aria-label", sight.sentence + (sight.is_odd ? " Others disagree." : ""));
      return element;
    }));
    return row;
  }));
  $("views-section").hidden = !views.length;
}

function answered(report) {
  showState(report.state, report.headline, []);
  showFindings(report.findings, report.healthy && report.nodes.length ? ["No problems found.", report.summary] : [], "");
  showNodes(report.nodes);
  showViews(report);
  for (const table of document.querySelectorAll("table")) table.classList.remove("stale");
}

function unanswered() {
  for (const table of document.querySelectorAll("table")) table.classList.add("stale");
}

poll({ answered, unanswered, unknown: "The state of the nodes is unknown." });
