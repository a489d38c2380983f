// SPDX-License-Identifier: MIT
// Supply voltage by ten-minute interval: a band from the lowest to the highest half cycle, and the
// mean within it.

import { useMemo, useRef } from "react";
import uPlot from "uplot";
import type { MeteringInterval } from "../api/types";
import { axisNumbers, fixed } from "../model/format";
import { intervalFlags } from "../model/quality";
import {
  Chart,
  doubtMarks,
  roundedRange,
  timeAxes,
  tooltip,
  type ChartOptions,
  type Doubts,
} from "./chart";
import { translucent, type ChartTheme } from "./chart_theme";

const volts = (value: number): string => `${fixed(value, 1)}\u00a0V`;

function options(theme: ChartTheme, doubts: Doubts): ChartOptions {
  const edge = translucent(theme.net, 0.35);
  const one = (label: string, stroke: string, width: number): uPlot.Series => ({
    label,
    stroke,
    width,
    points: { show: false },
  });
  return {
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    legend: { show: false },
    padding: [10, 12, 0, 0],
    scales: {
      x: { time: true },
      y: { range: (_chart, low, high) => roundedRange(low ?? 0, high ?? 1, false) },
    },
    axes: timeAxes(theme, (ticks) => axisNumbers(ticks).map((label) => `${label}\u00a0V`)),
    series: [{}, one("Highest", edge, 1), one("Mean", theme.net, 2), one("Lowest", edge, 1)],
    bands: [{ series: [1, 3], fill: translucent(theme.net, 0.12) }],
    plugins: [doubtMarks(theme, doubts), tooltip(volts, [theme.net, theme.net, theme.net], doubts)],
  };
}

/** `channel` says whose voltage; intervals without it leave a hole. */
export function SupplyChart(props: {
  intervals: readonly MeteringInterval[];
  channel: number;
  label: string;
}) {
  const { intervals, channel } = props;
  const latest = useRef(intervals);
  latest.current = intervals;
  const doubts: Doubts = (index) => {
    const interval = latest.current[index];
    return interval ? intervalFlags(interval) : [];
  };
  const data = useMemo((): uPlot.AlignedData => {
    const rows = intervals.map((interval) => ({
      middle: (interval.start_ms + interval.end_ms) / 2000,
      values: interval.channels.find((one) => one.channel === channel),
    }));
    return [
      rows.map(({ middle }) => middle),
      rows.map(({ values }) => values?.voltage_high_v ?? null),
      rows.map(({ values }) => values?.voltage_v ?? null),
      rows.map(({ values }) => values?.voltage_low_v ?? null),
    ];
  }, [intervals, channel]);
  return (
    <Chart
      identity="supply"
      className="chart-supply"
      options={(theme) => options(theme, doubts)}
      data={data}
      label={props.label}
    />
  );
}
