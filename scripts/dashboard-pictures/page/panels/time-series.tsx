/** Lines over time, with the moments at which alerts began and ended to fire. */
import { type DataFrame, FieldType } from "@grafana/data";
import { TimeSeries as Lines, type UPlotConfigBuilder, useTheme2 } from "@grafana/ui";
import { useLayoutEffect, useMemo } from "react";
import type uPlot from "uplot";
import { TIME_ZONE } from "../fields";
import type { Firing } from "../prometheus";
import type { Drawn } from ".";

export function TimeSeries({ panel, frames, firings, timeRange, width, height }: Drawn) {
  const lines = useMemo(() => frames.map(finite), [frames]);
  return (
    <Lines
      frames={lines}
      timeRange={timeRange}
      timeZone={TIME_ZONE}
      width={width}
      height={height}
      legend={panel.options.legend}
    >
      {(config) => <Firings config={config} firings={firings} />}
    </Lines>
  );
}

/** What is not a number, or not a finite one, is a gap. */
function finite(frame: DataFrame): DataFrame {
  const fields = frame.fields.map((field) =>
    field.type === FieldType.number
      ? { ...field, values: field.values.map((value) => (Number.isFinite(value) ? value : null)) }
      : field,
  );
  return { ...frame, fields };
}

/** A line where an alert begins to fire and where it ends, and a bar below the time between. */
function Firings({ config, firings }: { config: UPlotConfigBuilder; firings: Firing[] }) {
  const red = useTheme2().visualization.getColorByName("red");
  useLayoutEffect(() => {
    config.addHook("draw", (plot: uPlot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height + 6);
      ctx.clip();
      ctx.strokeStyle = ctx.fillStyle = red;
      ctx.setLineDash([5, 5]);
      for (const { from, to } of firings) {
        const [left, right] = [from, to].map((time) => plot.valToPos(time, "x", true));
        for (const x of [left, right]) {
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
        ctx.fillRect(left, bbox.top + bbox.height, right - left, 5);
      }
      ctx.restore();
    });
  }, [config, firings, red]);
  return null;
}
