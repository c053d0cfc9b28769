/** One number, or a few. */
import { getFieldDisplayValues, VizOrientation } from "@grafana/data";
import { BigValue, useTheme2, VizRepeater } from "@grafana/ui";
import { TIME_ZONE, withLowestStep } from "../fields";
import type { Drawn } from ".";

export function Stat({ panel, frames, width, height }: Drawn) {
  const theme = useTheme2();
  const { reduceOptions, colorMode, graphMode, textMode } = panel.options;
  const getValues = () =>
    getFieldDisplayValues({
      data: frames,
      fieldConfig: withLowestStep(panel.fieldConfig),
      reduceOptions,
      replaceVariables: (text) => text,
      theme,
      timeZone: TIME_ZONE,
    });
  return (
    <VizRepeater
      source={frames}
      getValues={getValues}
      width={width}
      height={height}
      orientation={VizOrientation.Auto}
      renderCounter={0}
      renderValue={({ value, width, height }) => (
        <BigValue
          value={value.display}
          width={width}
          height={height}
          theme={theme}
          colorMode={colorMode}
          graphMode={graphMode}
          textMode={textMode}
        />
      )}
    />
  );
}
