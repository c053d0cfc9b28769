/** Rows and columns. */
import { TableNG } from "@grafana/ui/unstable";
import type { Drawn } from ".";

export function Table({ panel, frames, width, height }: Drawn) {
  const { showHeader, cellHeight } = panel.options;
  return (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      noHeader={!showHeader}
      cellHeight={cellHeight}
      fieldConfig={panel.fieldConfig}
      enableVirtualization={false}
    />
  );
}
