/** What a panel's settings make of its frames: units, colours, texts, columns. */
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  type DataFrame,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  type GrafanaTheme2,
  identityOverrideProcessor,
  Registry,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from "@grafana/data";
import { firstValueFrom } from "rxjs";
import type { Panel } from "./dashboards";

export const TIME_ZONE = "utc";

/** What settings of fields there are. Grafana has editors with them, which nobody sees here. */
const STANDARD = ["unit", "min", "max", "decimals", "displayName", "noValue", "thresholds", "mappings", "color"];

// One of them has two names.
standardTransformersRegistry.setInit(() =>
  [...new Set(Object.values(standardTransformers))].map(
    (transformation) =>
      // biome-ignore lint/suspicious/noExplicitAny: what it wants besides is for its editor
      ({ id: transformation.id, name: transformation.name, transformation: async () => transformation }) as any,
  ),
);

/** Return what is drawn: the frames after the panel's transformations, with how each field is shown. */
export async function shownFrames(panel: Panel, frames: DataFrame[], theme: GrafanaTheme2): Promise<DataFrame[]> {
  const fieldConfig = withLowestStep(panel.fieldConfig);
  const shown = applyFieldOverrides({
    data: await firstValueFrom(transformDataFrame(panel.transformations ?? [], frames)),
    fieldConfig,
    fieldConfigRegistry: settingsOf(fieldConfig),
    replaceVariables: (text) => text,
    theme,
    timeZone: TIME_ZONE,
  });
  cacheFieldDisplayNames(shown);
  return shown;
}

/** The lowest threshold is minus infinity, for which JSON has no word. */
export function withLowestStep(fieldConfig: FieldConfigSource): FieldConfigSource {
  const { thresholds } = fieldConfig.defaults;
  if (!thresholds) return fieldConfig;
  const steps = thresholds.steps.map((step) => ({ ...step, value: step.value ?? -Infinity }));
  return { ...fieldConfig, defaults: { ...fieldConfig.defaults, thresholds: { ...thresholds, steps } } };
}

/** Return all settings that a panel may make: the standard ones, and those of its kind that it makes. */
function settingsOf({ defaults, overrides }: FieldConfigSource): Registry<FieldConfigPropertyItem> {
  const overridden = overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
  const own = overridden.filter((id) => id.startsWith("custom.")).map((id) => id.slice("custom.".length));
  return new Registry(() => [
    ...STANDARD.map((id) => setting(id, id, false)),
    ...[...new Set([...Object.keys(defaults.custom ?? {}), ...own])].map((path) => setting(`custom.${path}`, path, true)),
  ]);
}

function setting(id: string, path: string, isCustom: boolean): FieldConfigPropertyItem {
  // biome-ignore lint/suspicious/noExplicitAny: what it wants besides is for its editor
  return { id, path, name: id, isCustom, process: identityOverrideProcessor, shouldApply: () => true } as any;
}
