
/* ---- The slowest commands, where the node's log is read. ---- */

async function showSlow() {
  const response = await fetch("./slow", { cache: "no-store", headers: { Accept: "application/json" } });
  if (!response.ok) return;
  const { commands, groups, window_minutes: minutes } = await response.json();
  fill($("slow"), commands.map(({ texts, time }) => [
    [texts.key, "", texts.key, `${texts.command}, ${texts.database}`],
    [texts.command, "aside"], [texts.database, "aside soft"], [clock(Date.parse(time)), "aside soft", time], [texts.duration, "number"],
  ]));
  fill($("heavy"), groups.map(({ texts }) => [
    [texts.key, "", texts.key, texts.command],
    [texts.command, "aside"], [texts.count, "number"], [texts.median, "number"], [texts.p99, "number"], [texts.total, "number"],
  ]));
  for (const [id, rows] of [["slow", commands], ["heavy", groups]]) {
    showTable(id, rows, "The log has no commands.", rows.length, `of the last ${minutes} minutes`);
    $(id).classList.remove("stale");
  }
}
