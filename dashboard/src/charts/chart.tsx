// SPDX-License-Identifier: MIT
// uPlot inside React: made once per `identity` and theme, then only fed and resized.

import { useEffect, useRef, type RefObject } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { axisLabels, moment } from "../model/format";
import { qualityFlag } from "../model/quality";
import { useIsDark } from "../theme";
import { readChartTheme, translucent, type ChartTheme } from "./chart_theme";

export type ChartOptions = Omit<uPlot.Options, "width" | "height">;

export function Chart(props: {
  /** Changes when the options must be built anew (other series, other unit). */
  identity: string;
  options: (theme: ChartTheme) => ChartOptions;
  data: uPlot.AlignedData;
  label: string;
  className: string;
  chartRef?: RefObject<uPlot | null>;
  onWidth?: (width: number) => void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const dark = useIsDark();
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = host.current as HTMLDivElement;
    const made = new uPlot(
      {
        ...latest.current.options(readChartTheme()),
        width: element.clientWidth,
        height: element.clientHeight,
      },
      latest.current.data,
      element,
    );
    chart.current = made;
    if (latest.current.chartRef) latest.current.chartRef.current = made;
    const observer = new ResizeObserver(() => {
      latest.current.onWidth?.(element.clientWidth);
      if (element.clientWidth === made.width && element.clientHeight === made.height) return;
      made.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
      if (latest.current.chartRef) latest.current.chartRef.current = null;
    };
  }, [props.identity, dark]);

  useEffect(() => {
    if (chart.current !== null && chart.current.data !== props.data) {
      chart.current.setData(props.data);
    }
  }, [props.data]);

  return (
    <div ref={host} className={`chart ${props.className}`} role="img" aria-label={props.label} />
  );
}

/** Axes of time and of one quantity, alike in every chart. */
export function timeAxes(theme: ChartTheme, labels: (ticks: number[]) => string[]): uPlot.Axis[] {
  const common = {
    stroke: theme.text,
    font: theme.font,
    ticks: { show: false },
    grid: { stroke: theme.grid, width: 1 },
  };
  return [
    {
      ...common,
      grid: { show: false },
      space: 60,
      size: 30,
      gap: 8,
      values: (_chart, splits, _axis, _space, step) => axisLabels(splits, step),
    },
    {
      ...common,
      size: 62,
      gap: 8,
      space: 44,
      values: (_chart, splits) => labels(splits),
    },
  ];
}

/** Import colour above zero, export colour below, with a hard edge at zero. */
export function signedPaint(
  theme: ChartTheme,
  alpha: number,
): (chart: uPlot) => CanvasGradient | string {
  const importPaint = translucent(theme.import, alpha);
  const exportPaint = translucent(theme.export, alpha);
  return (chart) => {
    const { top, height } = chart.bbox;
    const share = (chart.valToPos(0, "y", true) - top) / height;
    if (!Number.isFinite(share)) return importPaint;
    const zero = Math.max(0, Math.min(1, share));
    const gradient = chart.ctx.createLinearGradient(0, top, 0, top + height);
    gradient.addColorStop(0, importPaint);
    gradient.addColorStop(zero, importPaint);
    gradient.addColorStop(zero, exportPaint);
    gradient.addColorStop(1, exportPaint);
    return gradient;
  };
}

/** A line at zero, where there is something on both sides of it. */
export function zeroLine(theme: ChartTheme): uPlot.Plugin {
  return {
    hooks: {
      drawAxes: (chart) => {
        const { min = 0, max = 0 } = chart.scales["y"] ?? {};
        if (!((min ?? 0) < 0 && (max ?? 0) > 0)) return;
        const { left, width } = chart.bbox;
        const y = Math.round(chart.valToPos(0, "y", true)) + 0.5;
        const { ctx } = chart;
        ctx.save();
        ctx.strokeStyle = theme.text;
        ctx.lineWidth = 1;
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(left + width, y);
        ctx.stroke();
        ctx.restore();
      },
    },
  };
}

/** A range around the data with air above and below, ends on round numbers, and zero if `zero`. */
export function roundedRange(low: number, high: number, zero: boolean): [number, number] {
  let min = zero ? Math.min(0, low) : low;
  let max = zero ? Math.max(0, high) : high;
  if (!(max > min)) [min, max] = zero ? [0, 1] : [min - 1, max + 1];
  const step = 10 ** Math.floor(Math.log10(max - min)) / 5;
  const air = (max - min) * 0.06;
  const bottom = zero && min === 0 ? 0 : Math.floor((min - air) / step) * step;
  const top = zero && max === 0 ? 0 : Math.ceil((max + air) / step) * step;
  return [bottom, top];
}

/** The class of a series that is drawn as the edge of a band alone. */
export const BAND_EDGE = "band-edge";

/** The names of the flags that touch the values at an index. */
export type Doubts = (index: number) => readonly string[];

/** A mark on the time axis below every value in doubt. */
export function doubtMarks(theme: ChartTheme, doubts: Doubts): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const { left, top, width, height } = chart.bbox;
        const size = 4 * devicePixelRatio;
        const { ctx } = chart;
        ctx.save();
        ctx.fillStyle = theme.warn;
        for (const [i, time] of chart.data[0].entries()) {
          const x = chart.valToPos(time, "x", true);
          if (doubts(i).length === 0 || x < left || x > left + width) continue;
          ctx.fillRect(Math.round(x - size / 2), top + height - size, size, size);
        }
        ctx.restore();
      },
    },
  };
}

/**
 * A box beside the pointer with the time and the value of every visible series there, and what puts
 * them in doubt; `colours` has one entry for each series after the first, which is time.
 */
export function tooltip(
  format: (value: number) => string,
  colours: string[],
  doubts: Doubts = () => [],
): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "chart-tooltip";
  box.hidden = true;

  function row(colour: string, name: string, value: string): HTMLElement {
    const line = document.createElement("div");
    const swatch = document.createElement("i");
    swatch.style.background = colour;
    const label = document.createElement("span");
    label.textContent = name;
    const figure = document.createElement("b");
    figure.textContent = value;
    line.append(swatch, label, figure);
    return line;
  }

  return {
    hooks: {
      init: (chart) => {
        chart.over.append(box);
        chart.over.addEventListener("mouseleave", () => {
          box.hidden = true;
        });
      },
      setCursor: (chart) => {
        const { idx, left = -1 } = chart.cursor;
        const time = idx === null || idx === undefined ? undefined : chart.data[0][idx];
        if (left < 0 || time === undefined) {
          box.hidden = true;
          return;
        }
        const head = document.createElement("time");
        head.textContent = moment(time * 1000);
        const rows: HTMLElement[] = [];
        for (const [i, series] of chart.series.entries()) {
          if (i === 0 || series.show === false || typeof series.label !== "string") continue;
          if (series.class === BAND_EDGE) continue;
          const value = chart.data[i]?.[idx as number];
          if (value === null || value === undefined) continue;
          rows.push(row(colours[i - 1] ?? "transparent", series.label, format(value)));
        }
        const flags = doubts(idx as number);
        if (rows.length > 0 && flags.length > 0) {
          const words = flags.map((name) => qualityFlag(name).label).join(", ");
          rows.push(row("var(--warn)", "In doubt", words));
        }
        box.replaceChildren(head, ...rows);
        box.hidden = rows.length === 0;
        const width = chart.over.clientWidth;
        const x = left > width / 2 ? left - box.offsetWidth - 14 : left + 14;
        box.style.transform = `translate(${Math.max(0, Math.round(x))}px, 8px)`;
      },
    },
  };
}
