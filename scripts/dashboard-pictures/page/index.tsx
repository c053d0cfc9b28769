/** The page that a picture is taken of: it asks Prometheus and draws, as Grafana's own would. */
import { createTheme, dateTime, rangeUtil, type TimeRange } from "@grafana/data";
import { GlobalStyles, ThemeContext } from "@grafana/ui";
import type { ReactNode } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { box, type Content, DashboardView } from "./dashboard";
import { type Dashboard, type Panel, sectionsOf } from "./dashboards";
import { shownFrames } from "./fields";
import { Prometheus } from "./prometheus";
import { interpolation } from "./variables";

export interface Order {
  dashboard: Dashboard;
  /** The titles of the rows to draw; without, all. */
  rows?: string[];
  /** When the picture is of, and how far back it goes. */
  to: number;
  minutes: number;
  /** The data source's scrape interval, in seconds. */
  scrapeInterval: number;
  width: number;
}

declare global {
  interface Window {
    /** Draw, and return what could not be, a line for each. */
    draw: (order: Order) => Promise<string[]>;
  }
}

const THEME = createTheme({ colors: { mode: "dark" } });

window.draw = async ({ dashboard, rows, to, minutes, scrapeInterval, width }) => {
  const faults: string[] = [];
  const sections = sectionsOf(dashboard).filter(({ row }) => rows?.includes(row.title) ?? true);
  for (const title of rows ?? []) {
    if (!sections.some(({ row }) => row.title === title)) faults.push(`there is no row ${title}`);
  }
  const from = to - minutes * 60;
  const timeRange: TimeRange = {
    from: dateTime(from * 1000),
    to: dateTime(to * 1000),
    raw: { from: `now-${minutes}m`, to: "now" },
  };
  const source = new Prometheus(location.origin);

  async function contentOf(panel: Panel): Promise<Content> {
    const points = box(panel.gridPos, width).width;
    const step = rangeUtil.calculateInterval(timeRange, points, `${scrapeInterval}s`).intervalMs / 1000;
    const interpolate = interpolation(dashboard, step, scrapeInterval);
    const span = { from, to, step };
    const isOnly = panel.targets.length === 1;
    const answers = await Promise.all(panel.targets.map((query) => source.frames(query, span, isOnly, interpolate)));
    const firings = await Promise.all(
      dashboard.annotations.list.map((annotation) =>
        source.firings(annotation, { ...span, step: rangeUtil.intervalToSeconds(annotation.step) }, interpolate),
      ),
    );
    return { frames: await shownFrames(panel, answers.flat(), THEME), firings: firings.flat(), timeRange };
  }

  const contents = new Map<Panel, Content>();
  for (const panel of sections.flatMap(({ panels }) => panels)) {
    try {
      contents.set(panel, await contentOf(panel));
    } catch (error) {
      faults.push(`${panel.title}: ${error}`);
    }
  }
  const root = createRoot(document.body.appendChild(document.createElement("div")));
  const render = (content?: ReactNode) =>
    flushSync(() =>
      root.render(
        <ThemeContext.Provider value={THEME}>
          <GlobalStyles />
          {content}
        </ThemeContext.Provider>,
      ),
    );
  render();
  // A canvas does not wait for a font.
  await Promise.all([400, 500].map((weight) => document.fonts.load(`${weight} 12px Inter`)));
  render(
    <DashboardView
      dashboard={dashboard}
      sections={sections}
      contents={contents}
      period={`Last ${minutes} minutes`}
      width={width}
      onFault={(fault) => faults.push(fault)}
    />,
  );
  await new Promise((resolve) => requestIdleCallback(resolve));
  return faults;
};
