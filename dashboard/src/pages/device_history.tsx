// SPDX-License-Identifier: MIT
import * as ToggleGroup from "@radix-ui/react-toggle-group";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { getEnergy, getSeries, serverNowMs } from "../api/client";
import type { Series } from "../api/types";
import { EnergyChart } from "../charts/energy_chart";
import { HistoryChart, QUANTITIES, type QuantityName } from "../charts/history_chart";
import { energy, momentShort } from "../model/format";
import {
  bucketAligned,
  bucketUnit,
  energyBuckets,
  fromLocalInput,
  pointsFor,
  PRESETS,
  presetRange,
  shifted,
  startOfDay,
  toLocalInput,
  zoomed,
  type Preset,
  type Range,
} from "../model/history_range";
import { TOTAL } from "../model/live_window";
import { flagsOfMask } from "../model/quality";
import { Icon, type IconName } from "../ui/icons";
import { ErrorNote, Measure } from "../ui/parts";
import { ChannelPicker } from "./device_live";

interface View {
  /** null: a range of one's own, which stands still. */
  preset: Preset | null;
  range: Range;
}

function presetView(preset: Preset): View {
  return { preset, range: presetRange(preset, serverNowMs()) };
}

export function DeviceHistory(props: { deviceId: string }) {
  const [view, setView] = useState<View>(() => presetView("day"));
  const [trail, setTrail] = useState<View[]>([]);
  const [visible, setVisible] = useState<ReadonlySet<number>>(new Set([TOTAL]));
  const [quantity, setQuantity] = useState<QuantityName>("active_power_w");
  const [points, setPoints] = useState(1000);

  // A preset ends now, and now moves.
  const { preset } = view;
  useEffect(() => {
    if (preset === null) return;
    const timer = setInterval(
      () => !document.hidden && setView(presetView(preset)),
      preset === "hour" ? 10_000 : 60_000,
    );
    return () => clearInterval(timer);
  }, [preset]);

  function look(range: Range): void {
    setTrail([...trail.slice(-20), view]);
    setView({ preset: null, range });
  }
  function choose(next: View): void {
    setTrail([]);
    setView(next);
  }
  function back(): void {
    const previous = trail.at(-1);
    if (previous === undefined) return;
    setTrail(trail.slice(0, -1));
    setView(previous.preset === null ? previous : presetView(previous.preset));
  }

  const channels = [...visible].toSorted((a, b) => a - b);
  const queries = useQueries({
    queries: channels.map((column) => ({
      queryKey: ["series", props.deviceId, column, view.range, points],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        getSeries(
          props.deviceId,
          { ...view.range, points, channel: column === TOTAL ? ("total" as const) : column },
          signal,
        ),
      placeholderData: keepPreviousData,
      staleTime: 60_000,
      gcTime: 60_000,
    })),
    combine: (results) => ({
      series: results.map(({ data }) => data).filter((data): data is Series => data !== undefined),
      error: results.find(({ error }) => error !== null)?.error ?? null,
      fetching: results.some(({ isFetching }) => isFetching),
      retry: () => results.forEach(({ refetch }) => void refetch()),
    }),
  });

  return (
    <div className="history-layout">
      <section className="card" aria-labelledby="history-title" aria-busy={queries.fetching}>
        <div className="card-head">
          <h2 id="history-title">{QUANTITIES[quantity].label}</h2>
          <span className="muted small range-words">
            {momentShort(view.range.startMs)} – {momentShort(view.range.endMs)}
          </span>
        </div>
        <div className="toolbar">
          <RangePicker view={view} onChoose={choose} />
          <ZoomButtons view={view} canGoBack={trail.length > 0} onBack={back} onLook={look} />
        </div>
        <div className="toolbar">
          <QuantityPicker value={quantity} onChange={setQuantity} />
          <ChannelPicker visible={visible} onChange={setVisible} />
        </div>
        {queries.error !== null && <ErrorNote error={queries.error} onRetry={queries.retry} />}
        <div className="chart-frame" data-fetching={queries.fetching}>
          <HistoryChart
            series={queries.series}
            quantity={quantity}
            range={view.range}
            onZoom={look}
            onWidth={(width) => setPoints(pointsFor(width))}
          />
          <ChartNote series={queries.series} fetching={queries.fetching} />
        </div>
        <SeriesFootnote series={queries.series} />
      </section>
      <EnergySection deviceId={props.deviceId} range={view.range} />
    </div>
  );
}

function ChartNote(props: { series: Series[]; fetching: boolean }) {
  const empty = props.series.every((series) =>
    series.active_power_w.every((value) => value === null),
  );
  if (!empty || props.fetching) return null;
  return <p className="chart-note">Nothing was measured in this range.</p>;
}

/** Says how coarse the picture is, and whether any of it deserves less trust. */
function SeriesFootnote(props: { series: Series[] }) {
  const first = props.series[0];
  if (first === undefined) return null;
  const seconds = first.bucket_ms / 1000;
  const grain =
    seconds < 120 ? `${Math.round(seconds * 10) / 10} s` : `${Math.round(seconds / 6) / 10} min`;
  const mask = props.series.reduce(
    (bits, series) => series.quality.reduce<number>((sum, value) => sum | (value ?? 0), bits),
    0,
  );
  const flags = flagsOfMask(mask);
  return (
    <p className="footnote muted small">
      <span>One point for {grain}. Drag over the chart to zoom in.</span>
      {flags.length > 0 && (
        <span className="footnote-flags">
          <Icon name="warning" /> Flags in this range:{" "}
          {flags.map((flag) => flag.label.toLowerCase()).join(", ")}
        </span>
      )}
    </p>
  );
}

function RangePicker(props: { view: View; onChoose: (view: View) => void }) {
  const { view, onChoose } = props;
  const [custom, setCustom] = useState<{ from: string; to: string } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <div className="range-picker">
      <ToggleGroup.Root
        type="single"
        className="segmented"
        aria-label="Range"
        value={custom !== null || view.preset === null ? "custom" : view.preset}
        onValueChange={(value) => {
          setProblem(null);
          if (value === "custom") {
            const { startMs, endMs } = view.range;
            setCustom({ from: toLocalInput(startMs), to: toLocalInput(endMs) });
          } else if (value !== "") {
            setCustom(null);
            onChoose(presetView(value as Preset));
          }
        }}
      >
        {PRESETS.map(({ preset, label }) => (
          <ToggleGroup.Item key={preset} value={preset} className="segment">
            {label}
          </ToggleGroup.Item>
        ))}
        <ToggleGroup.Item value="custom" className="segment">
          Custom
        </ToggleGroup.Item>
      </ToggleGroup.Root>
      {custom !== null && (
        <form
          className="custom-range"
          onSubmit={(event) => {
            event.preventDefault();
            const startMs = fromLocalInput(custom.from);
            const endMs = fromLocalInput(custom.to);
            if (startMs === null || endMs === null || startMs >= endMs) {
              setProblem("The end must be after the start.");
              return;
            }
            setCustom(null);
            onChoose({ preset: null, range: { startMs, endMs } });
          }}
        >
          <label>
            From
            <input
              className="input"
              type="datetime-local"
              required
              value={custom.from}
              onChange={(event) => setCustom({ ...custom, from: event.target.value })}
            />
          </label>
          <label>
            To
            <input
              className="input"
              type="datetime-local"
              required
              value={custom.to}
              onChange={(event) => setCustom({ ...custom, to: event.target.value })}
            />
          </label>
          <button className="button" data-kind="primary" type="submit">
            Show
          </button>
          {problem !== null && (
            <p className="note" data-kind="error" role="alert">
              {problem}
            </p>
          )}
        </form>
      )}
    </div>
  );
}

function ZoomButtons(props: {
  view: View;
  canGoBack: boolean;
  onBack: () => void;
  onLook: (range: Range) => void;
}) {
  const { range } = props.view;
  const now = serverNowMs();
  const atEnd = range.endMs >= now - 1000;
  const buttons: [string, IconName, () => void, boolean][] = [
    ["Earlier", "chevronLeft", () => props.onLook(shifted(range, -1, now)), false],
    ["Later", "chevronRight", () => props.onLook(shifted(range, 1, now)), atEnd],
    ["Zoom in", "zoomIn", () => props.onLook(zoomed(range, 0.5, now)), false],
    ["Zoom out", "zoomOut", () => props.onLook(zoomed(range, 2, now)), false],
    ["Back to the view before", "back", props.onBack, !props.canGoBack],
  ];
  return (
    <div className="button-row" role="group" aria-label="Move and zoom">
      {buttons.map(([label, icon, onClick, off]) => (
        <button
          key={label}
          className="icon-button"
          aria-label={label}
          title={label}
          aria-disabled={off}
          onClick={() => !off && onClick()}
        >
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}

function QuantityPicker(props: { value: QuantityName; onChange: (value: QuantityName) => void }) {
  return (
    <label className="select-label">
      <span className="visually-hidden">Quantity</span>
      <select
        className="input select"
        value={props.value}
        onChange={(event) => props.onChange(event.target.value as QuantityName)}
      >
        {Object.entries(QUANTITIES).map(([name, { label }]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

const BUCKET_WORDS = { minutes: "5 minutes", hour: "hour", day: "day" } as const;

function EnergySection(props: { deviceId: string; range: Range }) {
  const { deviceId, range } = props;
  const unit = bucketUnit(range);
  const aligned = bucketAligned(range, unit);
  const bars = useQuery({
    queryKey: ["series", deviceId, "energy", aligned],
    queryFn: ({ signal }) => getSeries(deviceId, { ...aligned, channel: "total" }, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
  });
  const total = useQuery({
    queryKey: ["energy", deviceId, range],
    queryFn: ({ signal }) => getEnergy(deviceId, range.startMs, range.endMs, signal),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
  const buckets = bars.data === undefined ? [] : energyBuckets(bars.data, aligned, unit);

  return (
    <section className="card" aria-labelledby="energy-title">
      <div className="card-head">
        <h2 id="energy-title">Energy per {BUCKET_WORDS[unit]}, kWh</h2>
        <ul className="legend">
          <li>
            <span className="swatch" data-channel="import" aria-hidden="true" />
            Import
          </li>
          <li>
            <span className="swatch" data-channel="export" aria-hidden="true" />
            Export
          </li>
        </ul>
      </div>
      <EnergyChart
        buckets={buckets}
        label={`Energy per ${BUCKET_WORDS[unit]}; the sums are in the table below.`}
      />
      <EnergyTable deviceId={deviceId} range={total.data ?? null} />
    </section>
  );
}

function calendarStarts(now: number): { label: string; startMs: number }[] {
  const today = startOfDay(now);
  const week = new Date(today);
  week.setDate(week.getDate() - ((week.getDay() + 6) % 7));
  const month = new Date(today).setDate(1);
  return [
    { label: "Today", startMs: today },
    { label: "This week", startMs: week.getTime() },
    { label: "This month", startMs: month },
  ];
}

function EnergyTable(props: {
  deviceId: string;
  range: { import_mj: number; export_mj: number } | null;
}) {
  const { deviceId, range } = props;
  const periods = useQuery({
    queryKey: ["energy", deviceId, "periods"],
    queryFn: ({ signal }) => {
      const now = serverNowMs();
      return Promise.all(
        calendarStarts(now).map(async ({ label, startMs }) => {
          const { import_mj, export_mj } = await getEnergy(deviceId, startMs, now, signal);
          return { label, import_mj, export_mj };
        }),
      );
    },
    refetchInterval: 60_000,
  });
  const rows = [
    ...(range === null ? [] : [{ ...range, label: "Range shown" }]),
    ...(periods.data ?? []),
  ];
  return (
    <table className="energy-table">
      <thead>
        <tr>
          <th scope="col">Period</th>
          <th scope="col" className="number">
            Import
          </th>
          <th scope="col" className="number">
            Export
          </th>
          <th scope="col" className="number">
            Net
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ label, import_mj, export_mj }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td className="number">
              <Measure quantity={energy(import_mj)} />
            </td>
            <td className="number" data-direction={export_mj > 0 ? "export" : "none"}>
              <Measure quantity={energy(export_mj)} />
            </td>
            <td className="number" data-direction={import_mj < export_mj ? "export" : "none"}>
              <Measure quantity={energy(import_mj - export_mj)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
