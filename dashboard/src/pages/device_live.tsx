// SPDX-License-Identifier: MIT
import * as ToggleGroup from "@radix-ui/react-toggle-group";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { getEnergy, getSeries, serverNowMs } from "../api/client";
import { CHANNEL_COUNT, type Device, type Reading } from "../api/types";
import { LIVE_SPAN_MS, LiveChart } from "../charts/live_chart";
import { useLiveEvents } from "../live";
import { energy, fixed, power, text } from "../model/format";
import { startOfDay } from "../model/history_range";
import { LiveWindow, TOTAL } from "../model/live_window";
import { allFlags, channelFlags, flagsTouching } from "../model/quality";
import { netPowerW, referenceVoltageV } from "../model/stream_reducer";
import { Icon } from "../ui/icons";
import { Age, directionOf, DoubtMark, Measure, QualityFlags, useNow } from "../ui/parts";
import { ChannelTable } from "./channel_table";
import { displayName } from "./devices";
import { RelayPanel } from "./relay_panel";
import type { Relays } from "./use_relays";

const SOURCES = ["total", ...Array.from({ length: CHANNEL_COUNT }, (_, n) => n)] as const;

/** The window of the last minutes, filled from the server and kept current by the stream. */
function useLiveWindow(deviceId: string): LiveWindow {
  const live = useMemo(() => new LiveWindow(LIVE_SPAN_MS), []);

  const fill = useCallback(
    async (signal: AbortSignal) => {
      const endMs = serverNowMs();
      const query = { startMs: endMs - LIVE_SPAN_MS, endMs, points: 600 };
      await Promise.allSettled(
        SOURCES.map(async (channel) => {
          live.addSeries(await getSeries(deviceId, { ...query, channel }, signal));
        }),
      );
    },
    [deviceId, live],
  );

  useEffect(() => {
    const controller = new AbortController();
    void fill(controller.signal);
    return () => controller.abort();
  }, [fill]);

  useLiveEvents((event) => {
    if (event.event === "catch_up") void fill(new AbortController().signal);
    if (event.event === "reading" && event.data.device_id === deviceId) live.addReading(event.data);
  });
  return live;
}

export function useEnergyToday(deviceId: string) {
  const now = useNow();
  const startMs = startOfDay(now);
  return useQuery({
    queryKey: ["energy", deviceId, "today", startMs],
    queryFn: ({ signal }) => getEnergy(deviceId, startMs, serverNowMs(), signal),
    refetchInterval: 20_000,
  });
}

export function DeviceLive(props: { device: Device; reading: Reading | null; relays: Relays }) {
  const { device, reading } = props;
  const today = useEnergyToday(device.device_id);
  const live = useLiveWindow(device.device_id);
  const [visible, setVisible] = useState<ReadonlySet<number>>(new Set([TOTAL]));
  const [paused, setPaused] = useState(false);
  const netW = reading === null ? device.active_power_w : netPowerW(reading);

  return (
    <div className="live-layout">
      <div className="live-main">
        <Summary device={device} reading={reading} netW={netW} today={today.data ?? null} />
        <section className="card" aria-labelledby="live-chart-title">
          <div className="card-head">
            <h2 id="live-chart-title">Power, last 10 minutes</h2>
            <button
              className="button"
              data-size="small"
              aria-pressed={paused}
              onClick={() => setPaused(!paused)}
            >
              <Icon name={paused ? "play" : "pause"} />
              {paused ? "Resume" : "Pause"}
            </button>
          </div>
          <ChannelPicker visible={visible} onChange={setVisible} />
          <div className="chart-frame">
            <LiveChart
              window={live}
              visible={visible}
              paused={paused}
              label={`Power over the last ten minutes, now ${text(power(netW))}. The channels' values are in the table below.`}
            />
            {serverNowMs() - (device.last_reading_ms ?? 0) > LIVE_SPAN_MS && (
              <p className="chart-note">
                <span>
                  No readings in the last ten minutes. The last one came{" "}
                  <Age ms={device.last_reading_ms} never="never" />.
                </span>
              </p>
            )}
          </div>
        </section>
        <ChannelTable reading={reading} today={today.data ?? null} stale={!device.online} />
      </div>
      <RelayPanel relays={props.relays} online={device.online} name={displayName(device)} />
    </div>
  );
}

/** Chips that choose which lines are drawn: net power and the eight channels. */
export function ChannelPicker(props: {
  visible: ReadonlySet<number>;
  onChange: (visible: ReadonlySet<number>) => void;
}) {
  return (
    <ToggleGroup.Root
      type="multiple"
      className="chips"
      aria-label="Lines of the chart"
      value={[...props.visible].map(String)}
      onValueChange={(values) => {
        if (values.length > 0) props.onChange(new Set(values.map(Number)));
      }}
    >
      {[TOTAL, ...Array.from({ length: CHANNEL_COUNT }, (_, n) => n)].map((column) => (
        <ToggleGroup.Item
          key={column}
          value={String(column)}
          className="chip"
          data-channel={column === TOTAL ? "net" : column}
          aria-label={column === TOTAL ? "Net power" : `Channel ${column}`}
        >
          <span className="swatch" aria-hidden="true" />
          {column === TOTAL ? "Net" : column}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}

function Summary(props: {
  device: Device;
  reading: Reading | null;
  netW: number | null;
  today: { import_mj: number; export_mj: number } | null;
}) {
  const { device, reading, netW, today } = props;
  const direction = directionOf(netW);
  const voltage = reading === null ? device.reference_voltage_v : referenceVoltageV(reading);
  const frequency = reading?.frequency_hz ?? device.frequency_hz;
  const flags = reading === null ? device.quality : allFlags(reading);
  const first = reading?.channels[0];
  const mains = reading && first ? channelFlags(reading, first) : flags;
  const words = { import: "from the grid", export: "into the grid", none: "no flow" };
  return (
    <section
      className={device.online ? "summary" : "summary stale"}
      aria-label="Present values of the device"
    >
      <div className="card tile tile-main" data-direction={direction}>
        <h2>Net power</h2>
        <Measure quantity={power(netW)} className="tile-value" />
        <p className="flow">
          {direction !== "none" && <Icon name={direction === "export" ? "arrowUp" : "arrowDown"} />}
          {netW === null ? "not measured" : words[direction]}
        </p>
        <QualityFlags flags={flagsTouching(flags, "power")} />
      </div>
      <div className="card tile">
        <h2>Voltage</h2>
        <Measure quantity={{ value: fixed(voltage, 1), unit: "V" }} className="tile-value" />
        <p className="flow">
          <Measure quantity={{ value: fixed(frequency, 2), unit: "Hz" }} />
          <DoubtMark flags={flagsTouching(flags, "frequency")} />
        </p>
        <QualityFlags flags={flagsTouching(mains, "voltage")} />
      </div>
      <div className="card tile" data-direction="import">
        <h2>Imported today</h2>
        <Measure quantity={energy(today?.import_mj)} className="tile-value" />
        <p className="flow">
          <Icon name="arrowDown" />
          from the grid
        </p>
      </div>
      <div className="card tile" data-direction={today?.export_mj ? "export" : "none"}>
        <h2>Exported today</h2>
        <Measure quantity={energy(today?.export_mj)} className="tile-value" />
        <p className="flow">
          <Icon name="arrowUp" />
          into the grid
        </p>
      </div>
    </section>
  );
}
