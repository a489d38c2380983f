// SPDX-License-Identifier: MIT
// One quantity of some channels over a range; dragging over it zooms.

import { useMemo, useRef } from "react";
import type uPlot from "uplot";
import type { Series } from "../api/types";
import { axisNumbers, fixed, power, powerLabels, scaled, text } from "../model/format";
import { dragged, type Range } from "../model/history_range";
import { flagsOfMask, flagsTouching, type Touched } from "../model/quality";
import {
  BAND_EDGE,
  Chart,
  doubtMarks,
  roundedRange,
  signedPaint,
  timeAxes,
  tooltip,
  zeroLine,
  type ChartOptions,
  type Doubts,
} from "./chart";
import { translucent, type ChartTheme } from "./chart_theme";

interface QuantityStyle {
  label: string;
  format: (value: number) => string;
  axis: (ticks: number[]) => string[];
  /** The axis always holds zero. */
  zero: boolean;
  touched: Touched;
}

function withUnit(unit: string): (ticks: number[]) => string[] {
  return (ticks) => axisNumbers(ticks).map((label) => `${label}\u00a0${unit}`);
}

export const QUANTITIES = {
  active_power_w: {
    label: "Power",
    format: (v) => text(power(v)),
    axis: (ticks) => powerLabels(ticks),
    zero: true,
    touched: "power",
  },
  voltage_v: {
    label: "Voltage",
    format: (v) => `${fixed(v, 1)}\u00a0V`,
    axis: withUnit("V"),
    zero: false,
    touched: "voltage",
  },
  current_a: {
    label: "Current",
    format: (v) => `${fixed(v, 2)}\u00a0A`,
    axis: withUnit("A"),
    zero: true,
    touched: "current",
  },
  reactive_power_var: {
    label: "Reactive power",
    format: (v) => text(scaled(v, "var")),
    axis: (ticks) => powerLabels(ticks, "var"),
    zero: true,
    touched: "power",
  },
  power_factor: {
    label: "Power factor",
    format: (v) => fixed(v, 2),
    axis: axisNumbers,
    zero: true,
    touched: "power",
  },
  frequency_hz: {
    label: "Frequency",
    format: (v) => `${fixed(v, 2)}\u00a0Hz`,
    axis: withUnit("Hz"),
    zero: false,
    touched: "frequency",
  },
} satisfies Record<string, QuantityStyle>;

export type QuantityName = keyof typeof QUANTITIES;

/** uPlot selects with the mouse only; this does it with a finger moved sideways. */
function touchSelection(): uPlot.Plugin {
  return {
    hooks: {
      init: (chart) => {
        const { over } = chart;
        let startX: number | null = null;
        const select = (event: PointerEvent, fire: boolean): void => {
          if (startX === null || event.pointerType !== "touch") return;
          const x = event.clientX - over.getBoundingClientRect().left;
          const end = Math.max(0, Math.min(over.clientWidth, x));
          const [left, width] = [Math.min(startX, end), Math.abs(end - startX)];
          chart.setSelect({ left, width, top: 0, height: over.clientHeight }, fire && width > 12);
        };
        const clear = (): void => {
          startX = null;
          chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        };
        over.addEventListener("pointerdown", (event) => {
          if (event.pointerType !== "touch" || !event.isPrimary) return;
          startX = event.clientX - over.getBoundingClientRect().left;
        });
        over.addEventListener("pointermove", (event) => select(event, false));
        over.addEventListener("pointerup", (event) => {
          select(event, true);
          if (event.pointerType === "touch") clear();
        });
        over.addEventListener("pointercancel", clear);
      },
    },
  };
}

function seriesName(channel: number | "total"): string {
  return channel === "total" ? "Net" : `Channel ${channel}`;
}

/** Columns of several series on one time line; they may differ by a bucket at the ends. */
function align(all: Series[], quantity: QuantityName, band: boolean): uPlot.AlignedData {
  const times = [...new Set(all.flatMap((series) => series.time_ms))].toSorted((a, b) => a - b);
  const index = new Map(times.map((time, i) => [time, i]));
  const column = (series: Series, values: (number | null)[]): (number | null)[] => {
    const out: (number | null)[] = times.map(() => null);
    for (const [i, time] of series.time_ms.entries()) {
      out[index.get(time) as number] = values[i] ?? null;
    }
    return out;
  };
  const columns = all.map((series) => column(series, series[quantity]));
  const first = all[0];
  if (band && first !== undefined) {
    columns.push(column(first, first.active_power_max_w), column(first, first.active_power_min_w));
  }
  // A bucket's value stands in the middle of its time.
  const half = (first?.bucket_ms ?? 0) / 2;
  return [times.map((time) => (time + half) / 1000), ...columns] as uPlot.AlignedData;
}

/** The flags of all series at each time of `data`. */
function masksOf(all: Series[], data: uPlot.AlignedData, halfMs: number): number[] {
  const masks = new Map<number, number>();
  for (const series of all) {
    for (const [i, time] of series.time_ms.entries()) {
      masks.set(time, (masks.get(time) ?? 0) | (series.quality[i] ?? 0));
    }
  }
  return Array.from(data[0], (time) => masks.get(Math.round(time * 1000 - halfMs)) ?? 0);
}

export function HistoryChart(props: {
  series: Series[];
  quantity: QuantityName;
  range: Range;
  onZoom: (range: Range) => void;
  onWidth: (width: number) => void;
}) {
  const { series, quantity, range } = props;
  const band = quantity === "active_power_w" && series.length === 1;
  const data = useMemo(() => align(series, quantity, band), [series, quantity, band]);
  const latest = useRef(props);
  latest.current = props;
  const halfMs = (series[0]?.bucket_ms ?? 0) / 2;
  const masks = useRef<number[]>([]);
  masks.current = useMemo(() => masksOf(series, data, halfMs), [series, data, halfMs]);
  const doubts: Doubts = (index) => {
    const names = flagsOfMask(masks.current[index]).map(({ name }) => name);
    return flagsTouching(names, QUANTITIES[quantity].touched);
  };

  function zoomToSelection(chart: uPlot): void {
    const { left, width } = chart.select;
    if (width <= 0) return;
    const from = chart.posToVal(left, "x") * 1000;
    const to = chart.posToVal(left + width, "x") * 1000;
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const zoom = dragged(latest.current.range, from, to);
    if (zoom !== null) latest.current.onZoom(zoom);
  }

  function options(theme: ChartTheme): ChartOptions {
    const { format, axis, zero } = QUANTITIES[quantity];
    const colours = series.map(({ channel }) =>
      channel === "total" ? theme.net : (theme.channels[channel] as string),
    );
    const signed = (channel: number | "total"): boolean => channel === "total" && band;
    const lines = series.map(({ channel }, i): uPlot.Series => ({
      label: seriesName(channel),
      stroke: signed(channel) ? signedPaint(theme, 1) : (colours[i] as string),
      ...(signed(channel) ? { fill: signedPaint(theme, 0.1) } : {}),
      width: channel === "total" ? 1.8 : 1.5,
      points: { show: false },
    }));
    const edges: uPlot.Series[] = band
      ? [
          { class: BAND_EDGE, points: { show: false } },
          { class: BAND_EDGE, points: { show: false } },
        ]
      : [];
    return {
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { size: 7 },
        // A double click would reset the scale to the data; the buttons above do that better.
        bind: { dblclick: () => () => null },
      },
      legend: { show: false },
      padding: [10, 12, 0, 0],
      scales: {
        x: {
          time: true,
          range: () => [latest.current.range.startMs / 1000, latest.current.range.endMs / 1000],
        },
        y: { range: (_chart, low, high) => roundedRange(low ?? 0, high ?? 0, zero) },
      },
      axes: timeAxes(theme, axis),
      series: [{}, ...lines, ...edges],
      bands: band ? [{ series: [2, 3], fill: translucent(colours[0] as string, 0.14) }] : [],
      hooks: { setSelect: [zoomToSelection] },
      plugins: [
        touchSelection(),
        zeroLine(theme),
        doubtMarks(theme, doubts),
        tooltip(format, colours, doubts),
      ],
    };
  }

  const names = series.map(({ channel }) => seriesName(channel)).join(", ");
  return (
    <Chart
      identity={`${quantity} ${names} ${band}`}
      className="chart-history"
      options={options}
      data={data}
      label={`${QUANTITIES[quantity].label} of ${names}, ${describe(series, quantity, range)}`}
      onWidth={props.onWidth}
    />
  );
}

/** The chart in words: between which values each line moves. */
function describe(all: Series[], quantity: QuantityName, range: Range): string {
  const { format } = QUANTITIES[quantity];
  const parts = all.map((series) => {
    const values = series[quantity].filter((value) => value !== null);
    if (values.length === 0) return `${seriesName(series.channel)}: nothing measured`;
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    return `${seriesName(series.channel)} between ${format(low)} and ${format(high)}`;
  });
  const from = new Date(range.startMs).toLocaleString();
  return `${from} to ${new Date(range.endMs).toLocaleString()}. ${parts.join("; ")}.`;
}
