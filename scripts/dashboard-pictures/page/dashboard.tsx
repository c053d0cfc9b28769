/** A dashboard, or some of its rows, on Grafana's grid. */
import { PanelChrome, useTheme2 } from "@grafana/ui";
import { Component, type ReactNode } from "react";
import type { Dashboard, Panel, Place, Section } from "./dashboards";
import { type Drawn, KINDS } from "./panels";
import { SOURCE } from "./variables";

/** A panel's frames, the alerts that fired, and the time that is shown. */
export type Content = Pick<Drawn, "frames" | "firings" | "timeRange">;

const COLUMNS = 24;
const ROW_HEIGHT = 30;
const GAP = 8;

/** Return where a panel stands, in pixels, on a page so wide. */
export function box({ x, y, w, h }: Place, width: number) {
  const column = (width - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    left: x * (column + GAP),
    top: y * (ROW_HEIGHT + GAP),
    width: w * column + (w - 1) * GAP,
    height: h * ROW_HEIGHT + (h - 1) * GAP,
  };
}

interface DashboardViewProps {
  dashboard: Dashboard;
  sections: Section[];
  contents: Map<Panel, Content>;
  period: string;
  width: number;
  onFault: (fault: string) => void;
}

export function DashboardView({ dashboard, sections, contents, period, width, onFault }: DashboardViewProps) {
  let below = 0;
  const placed = sections.flatMap(({ row, panels }) => {
    const up = row.gridPos.y - below;
    const moved = [row, ...panels].map((panel) => ({ panel, place: { ...panel.gridPos, y: panel.gridPos.y - up } }));
    below = Math.max(...moved.map(({ place }) => place.y + place.h));
    return moved;
  });
  return (
    <main style={{ padding: 16, width: width + 32 }}>
      <Head dashboard={dashboard} period={period} />
      <div style={{ position: "relative", height: below * (ROW_HEIGHT + GAP) - GAP }}>
        {placed.map(({ panel, place }) => {
          const { left, top, ...size } = box(place, width);
          return (
            <div key={`${panel.title} ${place.x} ${place.y}`} style={{ position: "absolute", left, top, ...size }}>
              {panel.type === "row" ? (
                <RowTitle title={panel.title} />
              ) : (
                <Guard name={panel.title} onFault={onFault}>
                  <PanelView panel={panel} content={contents.get(panel)} {...size} />
                </Guard>
              )}
            </div>
          );
        })}
      </div>
    </main>
  );
}

function PanelView({ panel, content, width, height }: { panel: Panel; content?: Content; width: number; height: number }) {
  const Kind = KINDS[panel.type];
  if (!Kind) throw new Error(`a panel of the kind ${panel.type} cannot be drawn`);
  return (
    <PanelChrome
      title={panel.title}
      description={panel.description}
      width={width}
      height={height}
      padding={panel.type === "table" ? "none" : "md"}
    >
      {(innerWidth, innerHeight) =>
        content?.frames.length ? (
          <Kind panel={panel} {...content} width={innerWidth} height={innerHeight} />
        ) : (
          <NoData />
        )
      }
    </PanelChrome>
  );
}

function Head({ dashboard, period }: { dashboard: Dashboard; period: string }) {
  const theme = useTheme2();
  const border = `1px solid ${theme.colors.border.medium}`;
  const variables = dashboard.templating.list.map(({ type, label }) => [label, type === "datasource" ? SOURCE : "All"]);
  return (
    <header style={{ display: "flex", alignItems: "center", gap: 8, marginBottom: 12 }}>
      <h1 style={{ fontSize: theme.typography.h4.fontSize, margin: "0 8px 0 0" }}>{dashboard.title}</h1>
      {variables.map(([label, value]) => (
        <span key={label} style={{ display: "flex", border, borderRadius: 2, fontSize: 12, lineHeight: "28px" }}>
          <span style={{ padding: "0 8px", background: theme.colors.background.secondary, fontWeight: 500 }}>{label}</span>
          <span style={{ padding: "0 12px", background: theme.components.input.background }}>{value}</span>
        </span>
      ))}
      <span style={{ marginLeft: "auto", border, borderRadius: 2, padding: "0 12px", lineHeight: "28px", fontSize: 12 }}>
        {period}
      </span>
    </header>
  );
}

function RowTitle({ title }: { title: string }) {
  return <h2 style={{ fontSize: 16, fontWeight: 500, lineHeight: `${ROW_HEIGHT}px`, margin: 0 }}>{title}</h2>;
}

function NoData() {
  return (
    <div style={{ display: "flex", height: "100%", alignItems: "center", justifyContent: "center", fontSize: 16 }}>
      No data
    </div>
  );
}

/** Says which panel could not be drawn, and lets the others be. */
class Guard extends Component<{ name: string; onFault: (fault: string) => void; children: ReactNode }> {
  state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  componentDidCatch(error: Error) {
    this.props.onFault(`${this.props.name}: ${error.message}`);
  }

  render() {
    return this.state.isBroken ? null : this.props.children;
  }
}
