// SPDX-License-Identifier: MIT
// Energy per hour or day as bars: import upwards, export downwards.

import { useMemo } from "react";
import uPlot from "uplot";
import { axisNumbers, fixed, kilowattHours } from "../model/format";
import type { EnergyBucket } from "../model/history_range";
import { Chart, roundedRange, timeAxes, tooltip, zeroLine, type ChartOptions } from "./chart";
import type { ChartTheme } from "./chart_theme";

const format = (kwh: number): string => `${fixed(Math.abs(kwh), 2)}\u00a0kWh`;

function options(theme: ChartTheme): ChartOptions {
  const bars = uPlot.paths.bars?.({ size: [0.72, 28], radius: 0.18 });
  const paths = bars === undefined ? {} : { paths: bars };
  const one = (label: string, colour: string): uPlot.Series => ({
    label,
    fill: colour,
    stroke: colour,
    width: 0,
    points: { show: false },
    ...paths,
  });
  return {
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    legend: { show: false },
    padding: [10, 12, 0, 0],
    scales: {
      x: { time: true, range: (chart) => padded(chart.data[0]) },
      y: { range: (_chart, low, high) => roundedRange(low ?? 0, high ?? 0, true) },
    },
    axes: timeAxes(theme, (ticks) => axisNumbers(ticks).map((label) => label.replace("−", ""))),
    series: [{}, one("Import", theme.import), one("Export", theme.export)],
    plugins: [zeroLine(theme), tooltip(format, [theme.import, theme.export])],
  };
}

/** Half a bar of air at both ends. */
function padded(times: ArrayLike<number>): [number, number] {
  const first = times[0] ?? 0;
  const last = times[times.length - 1] ?? 1;
  const half = times.length > 1 ? (last - first) / (times.length - 1) / 2 : 1800;
  return [first - half, last + half];
}

export function EnergyChart(props: { buckets: EnergyBucket[]; label: string }) {
  const { buckets } = props;
  const data = useMemo(
    (): uPlot.AlignedData => [
      buckets.map(({ startMs, endMs }) => (startMs + endMs) / 2000),
      buckets.map(({ importMj }) => kilowattHours(importMj)),
      buckets.map(({ exportMj }) => -kilowattHours(exportMj)),
    ],
    [buckets],
  );
  return (
    <Chart
      identity="energy"
      className="chart-energy"
      options={options}
      data={data}
      label={props.label}
    />
  );
}
