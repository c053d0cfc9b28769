/** What state something was in, and for how long: a bar for each series. */
import { type DisplayValue, type Field, formattedValueToString, getFieldDisplayName } from "@grafana/data";
import { Pagination, useTheme2 } from "@grafana/ui";
import type { Drawn } from ".";
import { RowsPlot } from "./rows-plot";

/** One state, in milliseconds. */
interface State {
  from: number;
  to: number;
  shown: DisplayValue;
}

const PADDING = 4;

/** How many bars Grafana shows at once, unless a panel says another number. */
const PER_PAGE = 20;
const PAGES_HEIGHT = 36;

export function StateTimeline({ panel, frames, timeRange, width, height }: Drawn) {
  const theme = useTheme2();
  const { rowHeight } = panel.options;
  const opacity = panel.fieldConfig.defaults.custom.fillOpacity / 100;
  const pages = Math.ceil(frames.length / PER_PAGE);
  const bars = frames.slice(0, PER_PAGE).map((frame) => {
    const [times, values] = frame.fields;
    return { name: getFieldDisplayName(values, frame, frames), states: statesOf(times, values, timeRange.to.valueOf()) };
  });
  bars.reverse(); // the first is at the top
  const plot = (
    <RowsPlot
      rows={bars.length}
      names={new Map(bars.map(({ name }, index) => [index + 0.5, name]))}
      timeRange={timeRange}
      width={width}
      height={pages > 1 ? height - PAGES_HEIGHT : height}
      draw={(canvas, at, row) => {
        canvas.font = `${theme.typography.fontSize}px ${theme.typography.fontFamily}`;
        canvas.textAlign = "left";
        canvas.textBaseline = "middle";
        for (const [index, { states }] of bars.entries()) {
          const top = row(index + 0.5 + rowHeight / 2);
          const bottom = row(index + 0.5 - rowHeight / 2);
          for (const { from, to, shown } of states) {
            const left = at(from);
            const text = formattedValueToString(shown);
            canvas.globalAlpha = opacity;
            canvas.fillStyle = shown.color ?? theme.colors.text.disabled;
            canvas.fillRect(left, top, at(to) - left, bottom - top);
            canvas.globalAlpha = 1;
            canvas.fillStyle = theme.colors.getContrastText(shown.color ?? theme.colors.text.disabled);
            // As with showValue "auto": where there is room.
            if (canvas.measureText(text).width + 2 * PADDING < at(to) - left) {
              canvas.fillText(text, Math.max(left, at(timeRange.from.valueOf())) + PADDING, (top + bottom) / 2);
            }
          }
        }
      }}
    />
  );
  if (pages === 1) return plot;
  return (
    <>
      {plot}
      <Pagination currentPage={1} numberOfPages={pages} onNavigate={() => {}} />
    </>
  );
}

/** Return the states of a series; equal ones that follow each other are one, and without a value there is none. */
function statesOf(times: Field, values: Field, end: number): State[] {
  const states: State[] = [];
  let last: unknown = null;
  for (const [index, value] of values.values.entries()) {
    const from: number = times.values[index];
    const to: number = times.values[index + 1] ?? end;
    if (value !== null && value === last) states[states.length - 1].to = to;
    else if (value !== null && values.display) states.push({ from, to, shown: values.display(value) });
    last = value;
  }
  return states;
}
