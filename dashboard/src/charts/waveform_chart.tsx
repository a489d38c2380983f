// SPDX-License-Identifier: MIT
// The waveform around an event: voltage on the left scale, currents on the right one, and the
// event itself shaded.

import { useMemo } from "react";
import uPlot from "uplot";
import type { WaveformSignal } from "../api/types";
import { axisNumbers } from "../model/format";
import { joinSignals } from "../model/waveform";
import { Chart, roundedRange, type ChartOptions } from "./chart";
import { translucent, type ChartTheme } from "./chart_theme";

function shade(theme: ChartTheme, endMs: number): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (chart) => {
        const { left, top, width, height } = chart.bbox;
        const from = Math.max(left, chart.valToPos(0, "x", true));
        const to = Math.min(left + width, chart.valToPos(endMs, "x", true));
        if (!(to > from)) return;
        const { ctx } = chart;
        ctx.save();
        ctx.fillStyle = translucent(theme.import, 0.1);
        ctx.fillRect(from, top, to - from, height);
        ctx.restore();
      },
    },
  };
}

function options(
  theme: ChartTheme,
  signals: readonly WaveformSignal[],
  durationMs: number,
): ChartOptions {
  const common = { stroke: theme.text, font: theme.font, ticks: { show: false } };
  const symmetric = (low: number | null, high: number | null): [number, number] => {
    const [, top] = roundedRange(0, Math.max(Math.abs(low ?? 0), Math.abs(high ?? 0)), true);
    return [-top, top];
  };
  const series = signals.map(({ signal, channel }): uPlot.Series => {
    const colour = signal === "voltage" ? theme.net : (theme.channels[channel] as string);
    return {
      label: signal === "voltage" ? "Voltage" : `Current ${channel}`,
      scale: signal === "voltage" ? "v" : "a",
      stroke: colour,
      width: signal === "voltage" ? 2 : 1.4,
      points: { show: false },
    };
  });
  const hasCurrent = signals.some(({ signal }) => signal === "current");
  const currentAxis: uPlot.Axis = {
    ...common,
    scale: "a",
    side: 1,
    size: 54,
    gap: 6,
    grid: { show: false },
    values: (_chart, splits) => axisNumbers(splits).map((label) => `${label}\u00a0A`),
  };
  return {
    cursor: { drag: { x: true, y: false }, points: { size: 6 } },
    legend: { show: false },
    padding: [10, hasCurrent ? 0 : 12, 0, 0],
    scales: {
      x: { time: false },
      v: { range: (_chart, low, high) => symmetric(low, high) },
      a: { range: (_chart, low, high) => symmetric(low, high) },
    },
    axes: [
      {
        ...common,
        grid: { show: false },
        space: 56,
        size: 30,
        gap: 8,
        values: (_chart, splits) => axisNumbers(splits).map((label) => `${label}\u00a0ms`),
      },
      {
        ...common,
        scale: "v",
        size: 62,
        gap: 8,
        grid: { stroke: theme.grid, width: 1 },
        values: (_chart, splits) => axisNumbers(splits).map((label) => `${label}\u00a0V`),
      },
      ...(hasCurrent ? [currentAxis] : []),
    ],
    series: [{}, ...series],
    plugins: [shade(theme, durationMs)],
  };
}

export function WaveformChart(props: {
  signals: readonly WaveformSignal[];
  durationMs: number;
  label: string;
}) {
  const { signals, durationMs } = props;
  const data = useMemo(() => joinSignals(signals) as uPlot.AlignedData, [signals]);
  return (
    <Chart
      identity={`waveform ${durationMs} ${signals.map((s) => `${s.signal}${s.channel}`).join(" ")}`}
      className="chart-waveform"
      options={(theme) => options(theme, signals, durationMs)}
      data={data}
      label={props.label}
    />
  );
}
