// The browser that draws: it is given the page, Grafana's icons and its font, and Prometheus' answers, and nothing else.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import UPNG from "upng-js";
import { INTERVAL } from "./demo.mjs";

const PAGE = fileURLToPath(new URL("page/index.tsx", import.meta.url));
const ORIGIN = "http://dashboards.test";
const HTML = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/page.css"><body><script src="/page.js"></script>';

const WIDTH = 1200;
const TALL_ENOUGH = 6000; // a table outside of the window is not drawn
const COLOURS = 256;
const PATIENCE = 300_000; // milliseconds: a busy machine takes long to load Grafana's components

const require = createRequire(import.meta.url);
const GRAFANA = dirname(require.resolve("@grafana/ui/package.json"));
const FONT = dirname(require.resolve("@fontsource/inter/package.json"));

/** Return the files of the page, by their paths. */
async function built() {
  const { outputFiles } = await build({
    entryPoints: [PAGE],
    outdir: "/",
    entryNames: "page",
    bundle: true,
    write: false,
    jsx: "automatic",
    loader: { ".ttf": "empty" },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** Return what answers the page's requests. */
async function answering(prometheus) {
  const files = await built();
  return async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const [, icon] = /^\/public\/build\/(img\/icons\/.*)$/.exec(pathname) ?? [];
    const [, weight] = /Inter-(Regular|Medium)\.woff2$/.exec(pathname) ?? [];
    if (pathname === "/") await route.fulfill({ contentType: "text/html", body: HTML });
    else if (files.has(pathname)) {
      await route.fulfill({ contentType: pathname.endsWith(".css") ? "text/css" : "text/javascript", body: files.get(pathname) });
    } else if (pathname.startsWith("/api/")) {
      await route.fulfill({ response: await route.fetch({ url: prometheus + pathname + search }) });
    } else if (icon) await route.fulfill({ path: join(GRAFANA, "dist/public", icon) });
    else if (weight) {
      await route.fulfill({ path: join(FONT, `files/inter-latin-${weight === "Regular" ? 400 : 500}-normal.woff2`) });
    } else await route.fulfill({ status: 404 });
  };
}

export class Browser {
  #browser;
  #answer;

  /** Open one that draws what a Prometheus knows. */
  static async open(executablePath, prometheus) {
    const opened = new Browser();
    opened.#answer = await answering(prometheus);
    opened.#browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    return opened;
  }

  /** Draw a dashboard, or some of its rows, as it is at a time; return the picture, and what could not be drawn. */
  async draw(dashboard, { rows, to, minutes }) {
    const page = await this.#browser.newPage({ viewport: { width: WIDTH + 32, height: TALL_ENOUGH }, timezoneId: "UTC" });
    page.setDefaultTimeout(PATIENCE);
    const faults = [];
    page.on("pageerror", (error) => faults.push(error.message));
    await page.route(`${ORIGIN}/**`, this.#answer);
    await page.goto(ORIGIN);
    const order = { dashboard, rows, to, minutes, scrapeInterval: INTERVAL, width: WIDTH };
    faults.push(...(await page.evaluate((order) => window.draw(order), order)));
    const png = UPNG.decode(await page.locator("main").screenshot());
    await page.close();
    return { picture: Buffer.from(UPNG.encode(UPNG.toRGBA8(png), png.width, png.height, COLOURS)), faults };
  }

  async close() {
    await this.#browser.close();
  }
}
