/** What a dashboard's variables stand for while everything is selected, as Grafana puts it into queries. */
import type { Dashboard, Query } from "./dashboards";

export type Interpolate = (text: string) => string;

export const SOURCE = "Prometheus";

/** Return what replaces variables; a word that is none stays, as in Grafana. Times are seconds. */
export function interpolation(dashboard: Dashboard, step: number, scrapeInterval: number): Interpolate {
  const values = new Map([
    ["datasource", SOURCE],
    ["__rate_interval", `${Math.max(step + scrapeInterval, 4 * scrapeInterval)}s`],
  ]);
  for (const { type, name, allValue } of dashboard.templating.list) {
    if (type !== "query") continue;
    if (allValue === undefined) throw new Error(`${name} does not say what stands for all of it`);
    values.set(name, allValue);
  }
  return (text) => text.replace(/\$\{(\w+)\}|\$(\w+)/g, (found, braced, plain) => values.get(braced ?? plain) ?? found);
}

/** Return the name of a series in the legend. */
export function legend({ legendFormat }: Query, labels: Record<string, string>): string {
  return legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");
}
