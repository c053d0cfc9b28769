/** What this reads of the files in deploy/grafana. */
import type { DataTransformerConfig, FieldConfigSource } from "@grafana/data";

export interface Dashboard {
  title: string;
  panels: Panel[];
  templating: { list: Variable[] };
  annotations: { list: Annotation[] };
}

export interface Variable {
  type: string;
  name: string;
  label: string;
  allValue?: string;
}

export interface Annotation {
  name: string;
  expr: string;
  step: string;
  iconColor: string;
}

/** In columns and rows of the grid. */
export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  type: string;
  title: string;
  description?: string;
  gridPos: Place;
  targets: Query[];
  fieldConfig: FieldConfigSource;
  // biome-ignore lint/suspicious/noExplicitAny: each kind of panel has its own
  options: any;
  transformations?: DataTransformerConfig[];
}

export interface Query {
  refId: string;
  expr: string;
  legendFormat: string;
  instant: boolean;
  format: "time_series" | "table" | "heatmap";
}

/** A row's title, and the panels below it. */
export interface Section {
  row: Panel;
  panels: Panel[];
}

/** Return the sections of a dashboard, each of which begins with a row. */
export function sectionsOf(dashboard: Dashboard): Section[] {
  const sections: Section[] = [];
  for (const panel of dashboard.panels) {
    if (panel.type === "row") sections.push({ row: panel, panels: [] });
    else if (sections.length === 0) throw new Error(`${panel.title} stands above the first row`);
    else sections[sections.length - 1].panels.push(panel);
  }
  return sections;
}
