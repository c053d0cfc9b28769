// What Grafana's own library says of dashboards: node judge.cjs LIBRARY DASHBOARD…
//
// Prints as JSON what the library does not know or does not find, a line for each, and how many panels it was asked about.
// Of a table it is asked to make the columns that a user will see, because a name that no column has is passed over
// without a word; of a value that has a text, to show that text.
"use strict";

const { readFileSync } = require("node:fs");
const { basename } = require("node:path");

// The library is for browsers. These are what it asks of one while it is loaded.
globalThis.window = undefined;
Object.defineProperty(globalThis, "navigator", { value: { language: "en", languages: ["en"] } });

const [name, ...paths] = process.argv.slice(2);
const grafana = require(name);
const schema = require(require.resolve("@grafana/schema", { paths: [require.resolve(name)] }));
const schemes = require(require.resolve("d3-scale-chromatic", { paths: [require.resolve(name)] }));
const { firstValueFrom, of } = require("rxjs");

const theme = grafana.createTheme();
const transformers = new Map(Object.values(grafana.standardTransformers).map((known) => [known.id, known]));
const ids = (registry) => new Set(registry.list().map((known) => known.id));

const known = {
  unit: new Set(grafana.getValueFormats().flatMap((category) => category.submenu.map((format) => format.value))),
  "colour mode": ids(grafana.fieldColorModeRegistry),
  reducer: ids(grafana.fieldReducers),
  matcher: ids(grafana.fieldMatchers),
  transformation: new Set(transformers.keys()),
  "mapping type": new Set(Object.values(grafana.MappingType)),
  "thresholds mode": new Set(Object.values(grafana.ThresholdsMode)),
  property: new Set(Object.values(grafana.FieldConfigProperty)),
  "shared tooltip": new Set(Object.values(grafana.DashboardCursorSync)),
  "variable sort": new Set(Object.values(schema.VariableSort)),
  "variable refresh": new Set(Object.values(schema.VariableRefresh)),
  drawStyle: new Set(Object.values(schema.GraphDrawStyle)),
  showPoints: new Set(Object.values(schema.VisibilityMode)),
  showValue: new Set(Object.values(schema.VisibilityMode)),
  thresholdsStyle: new Set(Object.values(schema.GraphThresholdsStyleMode)),
  legend: new Set(Object.values(schema.LegendDisplayMode)),
  tooltip: new Set(Object.values(schema.TooltipDisplayMode)),
  "tooltip sort": new Set(Object.values(schema.SortOrder)),
  colorMode: new Set(Object.values(schema.BigValueColorMode)),
  graphMode: new Set(Object.values(schema.BigValueGraphMode)),
  textMode: new Set(Object.values(schema.BigValueTextMode)),
  scheme: new Set(Object.keys(schemes).map((key) => key.replace("interpolate", ""))),
  cellLayout: new Set(Object.values(schema.HeatmapCellLayout)),
  cellHeight: new Set(Object.values(schema.TableCellHeight)),
  "cell type": new Set(Object.values(schema.TableCellDisplayMode)),
};

/** Yield what the library does not know of [kind, word]; undefined is a word that was not said. */
function* unknown(words) {
  for (const [kind, word] of words) {
    if (word === undefined) continue;
    if (kind === "colour" ? theme.visualization.getColorByName(word) === word : !known[kind].has(word)) {
      yield `${kind} ${JSON.stringify(word)} is not known`;
    }
  }
}

/** Yield the words of a mapping of values to texts. */
function* wordsOfMappings(mappings) {
  for (const mapping of mappings ?? []) {
    yield ["mapping type", mapping.type];
    for (const shown of Object.values(mapping.options)) yield ["colour", shown.color];
  }
}

function* wordsOfPanel({ fieldConfig, options, transformations }) {
  const { unit, color, thresholds, mappings, custom } = fieldConfig.defaults;
  yield ["unit", unit];
  yield ["colour mode", color?.mode];
  yield ["thresholds mode", thresholds?.mode];
  for (const step of thresholds?.steps ?? []) yield ["colour", step.color];
  yield* wordsOfMappings(mappings);
  for (const kind of ["drawStyle", "showPoints"]) yield [kind, custom?.[kind]];
  yield ["thresholdsStyle", custom?.thresholdsStyle?.mode];
  for (const { matcher, properties } of fieldConfig.overrides) {
    yield ["matcher", matcher.id];
    for (const { id, value } of properties) {
      if (id === "custom.cellOptions") yield ["cell type", value.type];
      else yield ["property", id];
      if (id === "unit") yield ["unit", value];
      if (id === "mappings") yield* wordsOfMappings(value);
    }
  }
  for (const reducer of options.reduceOptions?.calcs ?? []) yield ["reducer", reducer];
  for (const kind of ["colorMode", "graphMode", "textMode", "cellHeight", "showValue"]) yield [kind, options[kind]];
  yield ["legend", options.legend?.displayMode];
  yield ["tooltip", options.tooltip?.mode];
  yield ["tooltip sort", options.tooltip?.sort];
  yield ["unit", options.yAxis?.unit];
  yield ["scheme", options.color?.scheme];
  yield ["cellLayout", options.rowsFrame?.layout];
  for (const { id } of transformations ?? []) yield ["transformation", id];
}

function* wordsOfDashboard({ graphTooltip, templating }) {
  yield ["shared tooltip", graphTooltip];
  for (const variable of templating.list) {
    yield ["variable sort", variable.sort];
    yield ["variable refresh", variable.refresh];
  }
}

/** Return what Prometheus answers to the queries of a table: two instances, each with a value of each query. */
function answers({ targets }) {
  const value = (refId) => (targets.length === 1 ? "Value" : `Value #${refId}`);
  return targets.map(({ refId }) =>
    grafana.createDataFrame({
      refId,
      fields: [
        { name: "Time", type: "time", values: [1000, 1000] },
        { name: "instance", type: "string", values: ["one", "two"] },
        { name: value(refId), type: "number", values: [1, 2] },
      ],
    }),
  );
}

/** Yield what goes wrong between a table's answers and its columns. */
async function* faultsOfTable(panel) {
  let frames = answers(panel);
  const names = new Set(frames.flatMap((frame) => frame.fields.map((field) => field.name)));
  for (const { id, options } of panel.transformations) {
    for (const given of Object.keys({ ...options.excludeByName, ...options.renameByName })) {
      if (!names.has(given)) yield `${id} names ${JSON.stringify(given)}, which no query gives`;
    }
    const { operator, defaultOptions } = transformers.get(id);
    const context = { interpolate: (text) => text };
    frames = await firstValueFrom(of(frames).pipe(operator({ ...defaultOptions, ...options }, context)));
  }
  if (frames.length !== 1 || frames[0].length !== 2) yield "it does not become one table with a row for each instance";
  const columns = new Set(frames.flatMap((frame) => frame.fields.map((field) => grafana.getFieldDisplayName(field, frame, frames))));
  for (const { matcher } of panel.fieldConfig.overrides) {
    if (!columns.has(matcher.options)) yield `an override is for ${JSON.stringify(matcher.options)}, which is no column`;
  }
}

/** Yield the values that are not shown as their mappings say. */
function* faultsOfTexts({ defaults, overrides }) {
  const properties = overrides.flatMap((override) => override.properties).filter(({ id }) => id === "mappings");
  for (const mappings of [defaults.mappings, ...properties.map(({ value }) => value)]) {
    const show = grafana.getDisplayProcessor({ field: { type: "number", config: { ...defaults, mappings } }, theme });
    for (const [value, { text }] of (mappings ?? []).flatMap((mapping) => Object.entries(mapping.options))) {
      if (show(Number(value)).text !== text) yield `${value} is shown as ${show(Number(value)).text}, not as ${text}`;
    }
  }
}

async function* faultsOfPanel(panel) {
  const words = [...unknown(wordsOfPanel(panel))];
  yield* words;
  if (words.length > 0) return;
  yield* faultsOfTexts(panel.fieldConfig);
  if (panel.type === "table") yield* faultsOfTable(panel);
}

async function main() {
  const faults = [];
  let asked = 0;
  for (const path of paths) {
    const dashboard = JSON.parse(readFileSync(path, "utf8"));
    for (const fault of unknown(wordsOfDashboard(dashboard))) faults.push(`${basename(path)}: ${fault}`);
    for (const panel of dashboard.panels.filter(({ type }) => type !== "row")) {
      asked += 1;
      for await (const fault of faultsOfPanel(panel)) faults.push(`${basename(path)}, ${panel.title}: ${fault}`);
    }
  }
  console.log(JSON.stringify({ panels: asked, faults }));
}

main();
