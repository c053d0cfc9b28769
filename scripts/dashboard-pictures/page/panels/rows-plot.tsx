/** A plot over time whose vertical axis has names: what states and heat maps are drawn in. */
import type { TimeRange } from "@grafana/data";
import { AxisPlacement, ScaleDirection, ScaleOrientation } from "@grafana/schema";
import { measureText, UPLOT_AXIS_FONT_SIZE, UPlotChart, UPlotConfigBuilder, useTheme2 } from "@grafana/ui";
import { useMemo } from "react";
import type uPlot from "uplot";
import { TIME_ZONE } from "../fields";

/** Beside the names. */
const GAP = 20;
/** At the right, for half of the last time. */
const MARGIN = 24;

interface RowsPlotProps {
  /** How many rows there are, from the bottom to the top. */
  rows: number;
  /** Names, by where they stand: 0.5 is the middle of the lowest row. */
  names: Map<number, string>;
  timeRange: TimeRange;
  width: number;
  height: number;
  /** Draw with where a time and a row are, in the canvas' own pixels. */
  draw: (canvas: CanvasRenderingContext2D, at: (time: number) => number, row: (row: number) => number) => void;
}

export function RowsPlot({ rows, names, timeRange, width, height, draw }: RowsPlotProps) {
  const theme = useTheme2();
  const config = useMemo(() => {
    const builder = new UPlotConfigBuilder(TIME_ZONE);
    builder.addScale({
      scaleKey: "x",
      isTime: true,
      orientation: ScaleOrientation.Horizontal,
      direction: ScaleDirection.Right,
      range: () => [timeRange.from.valueOf(), timeRange.to.valueOf()],
    });
    builder.addScale({
      scaleKey: "y",
      orientation: ScaleOrientation.Vertical,
      direction: ScaleDirection.Up,
      range: () => [0, rows],
    });
    builder.addAxis({ scaleKey: "x", isTime: true, placement: AxisPlacement.Bottom, timeZone: TIME_ZONE, theme });
    builder.addAxis({
      scaleKey: "y",
      placement: AxisPlacement.Left,
      theme,
      grid: { show: false },
      size: GAP + Math.max(...[...names.values()].map((name) => measureText(name, UPLOT_AXIS_FONT_SIZE).width)),
      splits: [...names.keys()],
      values: [...names.values()],
    });
    builder.setPadding([null, MARGIN, null, null]);
    builder.addHook("draw", (plot: uPlot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      draw(
        ctx,
        (time) => plot.valToPos(time, "x", true),
        (row) => plot.valToPos(row, "y", true),
      );
      ctx.restore();
    });
    return builder;
  }, [rows, names, timeRange, theme, draw]);
  const times = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  return <UPlotChart config={config} data={[times]} width={width} height={height} />;
}
