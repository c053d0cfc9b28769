/** Prometheus' answers, as the frames that Grafana's data source makes of them. */
import { createDataFrame, type DataFrame, FieldType, type Labels } from "@grafana/data";
import type { Annotation, Query } from "./dashboards";
import { type Interpolate, legend } from "./variables";

/** What is asked: from when to when, and how often, in seconds. */
export interface Span {
  from: number;
  to: number;
  step: number;
}

/** When an alert fired, in milliseconds. */
export interface Firing {
  from: number;
  to: number;
}

type Sample = [number, string];

interface Series {
  metric: Labels;
  value?: Sample;
  values?: Sample[];
}

export class Prometheus {
  constructor(private readonly url: string) {}

  /** Return the frames of a query; `isOnly` says that a table has no other. */
  async frames(query: Query, span: Span, isOnly: boolean, interpolate: Interpolate): Promise<DataFrame[]> {
    const expression = interpolate(query.expr);
    const found = query.instant ? await this.now(expression, span) : await this.range(expression, span);
    switch (query.format) {
      case "table":
        return found.length === 0 ? [] : [table(query.refId, found, isOnly)];
      case "heatmap":
        return found.length === 0 ? [] : [buckets(found, gridOf(span))];
      default:
        return found.map((series) => timeSeries(query, series, query.instant ? [span.to] : gridOf(span)));
    }
  }

  /** Return when what an annotation asks for was so. */
  async firings({ expr }: Annotation, span: Span, interpolate: Interpolate): Promise<Firing[]> {
    const firings: Firing[] = [];
    for (const { values = [] } of await this.range(interpolate(expr), span)) {
      let last: Firing | undefined;
      for (const [seconds] of values) {
        const time = seconds * 1000;
        if (last && time - last.to <= span.step * 1000) last.to = time;
        else {
          last = { from: time, to: time };
          firings.push(last);
        }
      }
    }
    return firings;
  }

  private now(expression: string, { to }: Span): Promise<Series[]> {
    return this.ask("query", { query: expression, time: String(to) });
  }

  private range(expression: string, { from, to, step }: Span): Promise<Series[]> {
    return this.ask("query_range", {
      query: expression,
      start: String(aligned(from, step)),
      end: String(aligned(to, step)),
      step: String(step),
    });
  }

  private async ask(endpoint: string, parameters: Record<string, string>): Promise<Series[]> {
    const answer = await fetch(`${this.url}/api/v1/${endpoint}?${new URLSearchParams(parameters)}`);
    const { data, error } = await answer.json();
    if (error) throw new Error(`${parameters.query}: ${error}`);
    return data.result;
  }
}

/** Steps begin at whole multiples, so that a chart does not change its shape from one refresh to the next. */
function aligned(time: number, step: number): number {
  return Math.floor(time / step) * step;
}

function gridOf({ from, to, step }: Span): number[] {
  const first = aligned(from, step);
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, index) => first + index * step);
}

function number(text: string): number {
  return text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
}

function milliseconds(grid: number[]): number[] {
  return grid.map((seconds) => Math.round(seconds * 1000));
}

/** Return a value for each step, and nothing for those that have none: a line is broken there. */
function valuesOn(grid: number[], { values, value }: Series): (number | null)[] {
  const known = new Map((values ?? (value ? [value] : [])).map(([time, text]) => [Math.round(time * 1000), number(text)]));
  return milliseconds(grid).map((time) => known.get(time) ?? null);
}

function timeSeries(query: Query, series: Series, grid: number[]): DataFrame {
  return createDataFrame({
    refId: query.refId,
    fields: [
      { name: "Time", type: FieldType.time, values: milliseconds(grid), config: {} },
      {
        name: "Value",
        type: FieldType.number,
        values: valuesOn(grid, series),
        labels: series.metric,
        config: { displayNameFromDS: legend(query, series.metric) },
      },
    ],
  });
}

/** Return a row for each series, a column for each label. */
function table(refId: string, found: Series[], isOnly: boolean): DataFrame {
  const samples = found.map(({ value }) => value as Sample);
  const labels = [...new Set(found.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return createDataFrame({
    refId,
    fields: [
      { name: "Time", type: FieldType.time, values: samples.map(([time]) => time * 1000) },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        values: found.map(({ metric }) => metric[label] ?? ""),
      })),
      { name: isOnly ? "Value" : `Value #${refId}`, type: FieldType.number, values: samples.map(([, text]) => number(text)) },
    ],
  });
}

/** Return how many fell between two limits, of buckets that each count all below theirs. */
function buckets(found: Series[], grid: number[]): DataFrame {
  const rising = found
    .map((series) => ({ limit: number(series.metric.le), name: series.metric.le, values: valuesOn(grid, series) }))
    .sort((one, other) => one.limit - other.limit);
  return createDataFrame({
    fields: [
      { name: "Time", type: FieldType.time, values: milliseconds(grid) },
      ...rising.map(({ name, values }, index) => ({
        name,
        type: FieldType.number,
        values: values.map((all, step) => (all === null ? null : all - (rising[index - 1]?.values[step] ?? 0))),
      })),
    ],
  });
}
