/** How many of which size when: a row for each bucket, a column for each step. */
import { formattedValueToString, getValueFormat } from "@grafana/data";
import { useTheme2 } from "@grafana/ui";
import { interpolateOranges } from "d3-scale-chromatic";
import type { Drawn } from ".";
import { RowsPlot } from "./rows-plot";

/** Colour schemes, by their names in a panel's settings. */
const SCHEMES: Record<string, (share: number) => string> = { Oranges: interpolateOranges };

const LEGEND = { width: 250, height: 32 };

export function Heatmap({ panel, frames, timeRange, width, height }: Drawn) {
  const theme = useTheme2();
  const { cellGap, color, yAxis } = panel.options;
  const [{ fields: [times, ...rows] }] = frames;
  const counts = rows.flatMap(({ values }) => values.filter((count) => count > 0));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const scheme = SCHEMES[color.scheme];
  if (!scheme) throw new Error(`the colour scheme ${color.scheme} cannot be drawn`);
  // A scheme goes from light to dark; on a dark ground what is little is dark.
  const shade = (share: number) => {
    const step = Math.round(share * (color.steps - 1)) / (color.steps - 1);
    return scheme(theme.isDark ? 1 - step : step);
  };
  const format = getValueFormat(yAxis.unit);
  // As many names as there is room for.
  const every = Math.ceil((rows.length * 2 * theme.typography.fontSize) / (height - LEGEND.height));
  const names = rows
    .map(({ name }, index): [number, string] => [
      index + 1,
      name === "+Inf" ? name : formattedValueToString(format(Number(name))),
    ])
    .filter((_, index) => index % every === 0);
  const step = times.values[1] - times.values[0];
  return (
    <>
      <RowsPlot
        rows={rows.length}
        names={new Map(names)}
        timeRange={timeRange}
        width={width}
        height={height - LEGEND.height}
        draw={(canvas, at, row) => {
          for (const [index, { values }] of rows.entries()) {
            for (const [position, count] of values.entries()) {
              if (!(count > 0)) continue;
              const [left, right] = [at(times.values[position] - step), at(times.values[position])];
              canvas.fillStyle = shade(most === least ? 1 : (count - least) / (most - least));
              canvas.fillRect(left, row(index + 1), right - left - cellGap, row(index) - row(index + 1) - cellGap);
            }
          }
        }}
      />
      <div style={{ display: "flex", alignItems: "center", gap: 8, height: LEGEND.height, fontSize: 12 }}>
        {Math.round(least)}
        <div
          style={{
            width: LEGEND.width,
            height: 8,
            background: `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(shade).join()})`,
          }}
        />
        {Math.round(most)}
      </div>
    </>
  );
}
