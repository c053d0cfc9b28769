// Pictures of the dashboards for the documentation: node draw.mjs NUNDB-EXPORTER CHROMIUM
//
// Starts demos, waits until there is something to see, and draws what their Prometheus knows by Grafana's own components.
// Writes docs/images, with what each picture shows, which tests hold to the dashboards. All dashboards are drawn, also
// those of which no picture is kept, and a panel that cannot be drawn is an error.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Browser } from "./browser.mjs";
import { Demo } from "./demo.mjs";
import { CLUSTERS, COMPLETE, FAULT_AFTER, MINUTES, PICTURES } from "./pictures.mjs";

const ROOT = new URL("../../", import.meta.url);
const IMAGES = new URL("docs/images/", ROOT);
const [program, chromium] = process.argv.slice(2);
const pictures = new Map();
const faults = [];

const names = readdirSync(new URL("deploy/grafana/", ROOT)).filter((name) => name.endsWith(".json"));
const dashboards = new Map(
  names.map((name) => [basename(name, ".json"), JSON.parse(readFileSync(new URL(`deploy/grafana/${name}`, ROOT), "utf8"))]),
);

/** Draw everything of a cluster, when it has been watched for long enough. */
async function drawCluster(cluster) {
  const demo = await Demo.start(program, CLUSTERS[cluster], FAULT_AFTER, 3 * MINUTES * 60);
  let browser;
  try {
    browser = await Browser.open(chromium, demo.url);
    await sleep(MINUTES * 60_000);
    const moment = { to: Math.floor(Date.now() / 1000), minutes: MINUTES };
    for (const { name, dashboard, rows } of PICTURES.filter((picture) => picture.cluster === cluster)) {
      const drawn = await browser.draw(dashboards.get(dashboard), { ...moment, rows });
      pictures.set(name, drawn.picture);
      faults.push(...drawn.faults.map((fault) => `${name}: ${fault}`));
    }
    if (cluster === COMPLETE) {
      for (const [name, dashboard] of dashboards) {
        const drawn = await browser.draw(dashboard, moment);
        faults.push(...drawn.faults.map((fault) => `${name}: ${fault}`));
      }
    }
  } finally {
    await browser?.close();
    await demo.stop();
  }
}

/** Return what a picture shows of a dashboard: each panel's kind, title, place and unit. */
function shown({ dashboard, rows }) {
  let row;
  return dashboards.get(dashboard).panels.flatMap(({ type, title, gridPos: { x, w, h }, fieldConfig }) => {
    if (type === "row") row = title;
    return type === "row" || !rows.includes(row) ? [] : [[type, title, x, w, h, fieldConfig.defaults.unit]];
  });
}

// All come to their end, which stops what they have started.
const ends = await Promise.allSettled(Object.keys(CLUSTERS).map(drawCluster));
faults.push(...ends.filter(({ status }) => status === "rejected").map(({ reason }) => reason.stack));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
for (const [name, picture] of pictures) writeFileSync(new URL(`${name}.png`, IMAGES), picture);
const record = PICTURES.map((picture) => ({ ...picture, panels: shown(picture) }));
writeFileSync(new URL("dashboards.json", IMAGES), `${JSON.stringify(record, null, 1)}\n`);
