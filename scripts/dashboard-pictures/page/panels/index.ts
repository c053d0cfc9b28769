/** What draws each kind of panel. */
import type { DataFrame, TimeRange } from "@grafana/data";
import type { ComponentType } from "react";
import type { Panel } from "../dashboards";
import type { Firing } from "../prometheus";
import { Heatmap } from "./heatmap";
import { Stat } from "./stat";
import { StateTimeline } from "./state-timeline";
import { Table } from "./table";
import { TimeSeries } from "./time-series";

export interface Drawn {
  panel: Panel;
  frames: DataFrame[];
  firings: Firing[];
  timeRange: TimeRange;
  width: number;
  height: number;
}

export const KINDS: Record<string, ComponentType<Drawn>> = {
  heatmap: Heatmap,
  stat: Stat,
  "state-timeline": StateTimeline,
  table: Table,
  timeseries: TimeSeries,
};
