// SPDX-License-Identifier: MIT
import * as ToggleGroup from "@radix-ui/react-toggle-group";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getIntervals, latestSpectra, serverNowMs } from "../api/client";
import type { Reading, ReadingChannel, SignalKind } from "../api/types";
import { HarmonicsBars } from "../charts/harmonics_bars";
import { SupplyChart } from "../charts/supply_chart";
import { duration, fixed, percent, scaled, text, type Quantity } from "../model/format";
import { findSpectrum } from "../model/harmonics";
import { channelFlags } from "../model/quality";
import { Age, ErrorNote, Measure, QualityFlags, Spinner } from "../ui/parts";
import { PowerEvents } from "./power_events";

const DAY_MS = 86_400_000;

export function DeviceQuality(props: { deviceId: string; reading: Reading | null }) {
  const { deviceId, reading } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  const channels = reading?.channels ?? [];
  const first = channels.find(({ connected }) => connected) ?? channels[0];
  const channel = chosen ?? first?.channel ?? 0;
  const values = channels.find((one) => one.channel === channel) ?? null;

  return (
    <div className="quality-layout">
      <div className="quality-columns">
        <HarmonicsCard
          deviceId={deviceId}
          channel={channel}
          readings={channels}
          onChannel={setChosen}
        />
        <TermsCard channel={channel} reading={reading} values={values} />
      </div>
      <SupplyCard deviceId={deviceId} channel={channel} />
      <PowerEvents deviceId={deviceId} />
    </div>
  );
}

function ChannelChoice(props: {
  channels: readonly number[];
  value: number;
  onChange: (channel: number) => void;
}) {
  return (
    <ToggleGroup.Root
      type="single"
      className="chips"
      aria-label="Channel"
      value={String(props.value)}
      onValueChange={(value) => value !== "" && props.onChange(Number(value))}
    >
      {props.channels.map((channel) => (
        <ToggleGroup.Item
          key={channel}
          value={String(channel)}
          className="chip"
          data-channel={channel}
          aria-label={`Channel ${channel}`}
        >
          <span className="swatch" aria-hidden="true" />
          {channel}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}

const SIGNALS: Record<SignalKind, { label: string; unit: string }> = {
  voltage: { label: "Voltage", unit: "V" },
  current: { label: "Current", unit: "A" },
};

function HarmonicsCard(props: {
  deviceId: string;
  channel: number;
  readings: readonly ReadingChannel[];
  onChannel: (channel: number) => void;
}) {
  const { deviceId, channel, readings } = props;
  const [signal, setSignal] = useState<SignalKind>("current");
  const spectra = useQuery({
    queryKey: ["spectra", deviceId],
    queryFn: ({ signal: abort }) => latestSpectra(deviceId, abort),
    refetchInterval: 60_000,
  });
  const spectrum = findSpectrum(spectra.data ?? [], channel, signal, readings);
  const { label, unit } = SIGNALS[signal];

  return (
    <section className="card harmonics-card" aria-labelledby="harmonics-title">
      <div className="card-head">
        <h2 id="harmonics-title">Harmonics</h2>
        {spectrum !== null && (
          <span className="muted small">
            over {duration(spectrum.span_ms)}, <Age ms={spectrum.time_ms} never="" />
          </span>
        )}
      </div>
      <div className="toolbar">
        <ChannelChoice
          channels={readings.map((one) => one.channel)}
          value={channel}
          onChange={props.onChannel}
        />
        <ToggleGroup.Root
          type="single"
          className="segmented"
          aria-label="Signal"
          value={signal}
          onValueChange={(value) => value !== "" && setSignal(value as SignalKind)}
        >
          {(Object.keys(SIGNALS) as SignalKind[]).map((name) => (
            <ToggleGroup.Item key={name} value={name} className="segment">
              {SIGNALS[name].label}
            </ToggleGroup.Item>
          ))}
        </ToggleGroup.Root>
      </div>
      {spectra.isPending && <Spinner label="Loading the harmonics" />}
      {spectra.isError && (
        <ErrorNote error={spectra.error} onRetry={() => void spectra.refetch()} />
      )}
      {spectra.isSuccess && spectrum === null && (
        <p className="muted harmonics-none">
          No spectrum of this signal yet. The meter sends one now and then (setting spectrum_ms)
          while it has mains to measure against.
        </p>
      )}
      {spectrum !== null && (
        <>
          <p className="harmonics-sum">
            <span>
              THD <b>{text(percent(spectrum.thd))}</b>
            </span>
            <span>
              Fundamental{" "}
              <b>
                {fixed(spectrum.fundamental, unit === "V" ? 1 : 3)}&nbsp;{unit}
              </b>
            </span>
            <QualityFlags flags={spectrum.quality} />
            {spectrum.channel !== channel && (
              <span className="muted small">measured with channel {spectrum.channel}</span>
            )}
          </p>
          <HarmonicsBars
            harmonics={spectrum.harmonics}
            fundamental={spectrum.fundamental}
            unit={unit}
            frequencyHz={spectrum.frequency_hz}
            label={`${label} harmonics of channel ${channel}, order`}
          />
        </>
      )}
    </section>
  );
}

interface Term {
  symbol: string;
  name: string;
  quantity: Quantity;
}

function terms(values: ReadingChannel): Term[] {
  const va = (value: number): Quantity => scaled(value, "VA");
  const ratio = (value: number | null): Quantity => ({ value: fixed(value, 4), unit: "" });
  return [
    { symbol: "S", name: "Apparent power", quantity: va(values.apparent_power_va) },
    { symbol: "P", name: "Active power", quantity: scaled(values.active_power_w, "W") },
    { symbol: "N", name: "Non-active power", quantity: va(values.non_active_power_va) },
    { symbol: "PF", name: "Power factor", quantity: ratio(values.power_factor) },
    {
      symbol: "S₁",
      name: "Fundamental apparent power",
      quantity: va(values.fundamental_apparent_power_va),
    },
    {
      symbol: "P₁",
      name: "Fundamental active power",
      quantity: scaled(values.fundamental_power_w, "W"),
    },
    {
      symbol: "Q₁",
      name: "Fundamental reactive power",
      quantity: scaled(values.reactive_power_var, "var"),
    },
    {
      symbol: "PF₁",
      name: "Displacement power factor",
      quantity: ratio(values.displacement_power_factor),
    },
    {
      symbol: "Sₙ",
      name: "Non-fundamental apparent power",
      quantity: va(values.non_fundamental_apparent_va),
    },
    {
      symbol: "Dᵢ",
      name: "Current distortion power",
      quantity: va(values.current_distortion_va),
    },
    {
      symbol: "Dᵥ",
      name: "Voltage distortion power",
      quantity: va(values.voltage_distortion_va),
    },
    {
      symbol: "Sₕ",
      name: "Harmonic apparent power",
      quantity: va(values.harmonic_apparent_va),
    },
    { symbol: "THDᵥ", name: "Distortion of the voltage", quantity: percent(values.voltage_thd) },
    { symbol: "THDᵢ", name: "Distortion of the current", quantity: percent(values.current_thd) },
  ];
}

/** The terms of IEEE 1459 for one channel, live. */
function TermsCard(props: {
  channel: number;
  reading: Reading | null;
  values: ReadingChannel | null;
}) {
  const { channel, reading, values } = props;
  return (
    <section className="card" aria-labelledby="terms-title">
      <div className="card-head">
        <h2 id="terms-title">Power terms, channel {channel}</h2>
        <span className="muted small">IEEE 1459</span>
      </div>
      {reading === null || values === null ? (
        <p className="muted">This channel is not measured.</p>
      ) : (
        <>
          <QualityFlags flags={channelFlags(reading, values)} />
          <dl className="terms">
            {terms(values).map(({ symbol, name, quantity }) => (
              <div key={symbol}>
                <dt title={name}>
                  <abbr title={name}>{symbol}</abbr>
                  <span className="term-name">{name}</span>
                </dt>
                <dd>
                  <Measure quantity={quantity} />
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}

function SupplyCard(props: { deviceId: string; channel: number }) {
  const { deviceId, channel } = props;
  const intervals = useQuery({
    queryKey: ["intervals", deviceId, "quality_10min"],
    queryFn: ({ signal }) => {
      const endMs = serverNowMs();
      const query = { kind: "quality_10min" as const, startMs: endMs - DAY_MS, endMs };
      return getIntervals(deviceId, query, signal);
    },
    refetchInterval: 120_000,
  });
  const list = intervals.data ?? [];
  const flagged = list.filter(({ flags }) => flags.includes("flagged")).length;
  return (
    <section className="card" aria-labelledby="supply-title">
      <div className="card-head">
        <h2 id="supply-title">Supply voltage, last 24 hours</h2>
        <span className="muted small">
          10-minute values, lowest and highest half cycle
          {flagged > 0 && `; ${flagged} disturbed`}
        </span>
      </div>
      {intervals.isPending && <Spinner label="Loading the intervals" />}
      {intervals.isError && (
        <ErrorNote error={intervals.error} onRetry={() => void intervals.refetch()} />
      )}
      {intervals.isSuccess && list.length === 0 && (
        <p className="muted">The first interval ends with the next full ten minutes.</p>
      )}
      {list.length > 0 && (
        <SupplyChart
          intervals={list}
          channel={channel}
          label={`Supply voltage of channel ${channel} over the last day, in ${list.length} intervals of ten minutes.`}
        />
      )}
    </section>
  );
}
