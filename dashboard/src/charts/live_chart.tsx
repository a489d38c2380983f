// SPDX-License-Identifier: MIT
// Power over the last ten minutes, moving. The chart is fed straight from the live window, past
// React: it draws when a reading came or when time has moved it by a pixel, and not otherwise.

import { useEffect, useRef, useState, type RefObject } from "react";
import uPlot from "uplot";
import { serverNowMs } from "../api/client";
import { CHANNEL_COUNT } from "../api/types";
import { power, powerLabels, text } from "../model/format";
import { TOTAL, type LiveWindow } from "../model/live_window";
import {
  Chart,
  roundedRange,
  signedPaint,
  timeAxes,
  tooltip,
  zeroLine,
  type ChartOptions,
} from "./chart";
import type { ChartTheme } from "./chart_theme";

export const LIVE_SPAN_MS = 600_000;

/** `visible` is asked anew at every drawing: alone, net power shows its sign by colour. */
function liveOptions(theme: ChartTheme, visible: RefObject<ReadonlySet<number>>): ChartOptions {
  const alone = (): boolean => visible.current.size === 1;
  const line = signedPaint(theme, 1);
  const area = signedPaint(theme, 0.12);
  const format = (watts: number): string => text(power(watts));
  const channels = Array.from({ length: CHANNEL_COUNT }, (_, channel): uPlot.Series => {
    const colour = theme.channels[channel] as string;
    return {
      label: `Channel ${channel}`,
      stroke: colour,
      width: 1.6,
      show: visible.current.has(channel),
      points: { show: false },
    };
  });
  return {
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    legend: { show: false },
    padding: [10, 12, 0, 0],
    scales: {
      x: { time: true, auto: false },
      y: { range: (_chart, low, high) => roundedRange(low ?? 0, high ?? 100, true) },
    },
    axes: timeAxes(theme, powerLabels),
    series: [
      {},
      ...channels,
      {
        label: "Net",
        stroke: (chart) => (alone() ? line(chart) : theme.net),
        fill: (chart) => (alone() ? area(chart) : "transparent"),
        width: 2,
        show: visible.current.has(TOTAL),
        points: { show: false },
      },
    ],
    plugins: [zeroLine(theme), tooltip(format, [...theme.channels, theme.net])],
  };
}

export function LiveChart(props: {
  window: LiveWindow;
  /** Channels that are drawn; TOTAL is net power. */
  visible: ReadonlySet<number>;
  paused: boolean;
  label: string;
}) {
  const { window: live, visible, paused } = props;
  const chart = useRef<uPlot | null>(null);
  const shown = useRef(visible);
  const [initial] = useState(() => live.data());

  useEffect(() => {
    shown.current = visible;
    for (let column = 0; column <= TOTAL; column++) {
      const show = visible.has(column);
      if (chart.current && chart.current.series[column + 1]?.show !== show) {
        chart.current.setSeries(column + 1, { show });
      }
    }
  }, [visible]);

  useEffect(() => {
    const still = paused ? { now: serverNowMs(), data: live.data() } : null;
    let drawn: unknown = null;
    let drawnAt = 0;
    let on: uPlot | null = null;
    let frame = 0;
    function draw(): void {
      frame = requestAnimationFrame(draw);
      const plot = chart.current;
      if (plot === null) return;
      const now = still?.now ?? serverNowMs();
      const pixelMs = LIVE_SPAN_MS / Math.max(1, plot.bbox.width);
      const data = still?.data ?? live.data();
      if (on === plot && drawn === data && now - drawnAt < pixelMs) return;
      plot.batch(() => {
        if (on !== plot || drawn !== data) plot.setData(data as uPlot.AlignedData, false);
        plot.setScale("x", { min: (now - LIVE_SPAN_MS) / 1000, max: now / 1000 });
      });
      [on, drawn, drawnAt] = [plot, data, now];
    }
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [live, paused]);

  return (
    <Chart
      identity="live"
      className="chart-live"
      options={(theme) => liveOptions(theme, shown)}
      data={initial as uPlot.AlignedData}
      label={props.label}
      chartRef={chart}
    />
  );
}
