// SPDX-License-Identifier: MIT
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getEvents, getWaveform, serverNowMs } from "../api/client";
import type { PowerEvent } from "../api/types";
import { WaveformChart } from "../charts/waveform_chart";
import { duration, fixed, moment, percent, text } from "../model/format";
import { eventWords } from "../model/harmonics";
import { Icon } from "../ui/icons";
import { ErrorNote, QualityFlags, Spinner } from "../ui/parts";

const LIST_MS = 30 * 86_400_000;
const FIRST_SHOWN = 20;

/** Dips, swells and interruptions of the last thirty days; one opens to show its waveform. */
export function PowerEvents(props: { deviceId: string }) {
  const { deviceId } = props;
  const events = useQuery({
    queryKey: ["events", deviceId],
    queryFn: ({ signal }) => getEvents(deviceId, serverNowMs() - LIST_MS, signal),
    refetchInterval: 60_000,
  });
  const [open, setOpen] = useState<string | null>(null);
  const [all, setAll] = useState(false);
  const list = events.data ?? [];
  const shown = all ? list : list.slice(0, FIRST_SHOWN);

  return (
    <section className="card" aria-labelledby="events-title">
      <div className="card-head">
        <h2 id="events-title">Events of the supply</h2>
        <span className="muted small">last 30 days</span>
      </div>
      {events.isPending && <Spinner label="Loading the events" />}
      {events.isError && <ErrorNote error={events.error} onRetry={() => void events.refetch()} />}
      {events.isSuccess && list.length === 0 && (
        <p className="muted">No dip, swell or interruption in the last thirty days.</p>
      )}
      <ul className="event-list">
        {shown.map((event) => (
          <EventRow
            key={event.event_id}
            deviceId={deviceId}
            event={event}
            open={open === event.event_id}
            onToggle={() => setOpen(open === event.event_id ? null : event.event_id)}
          />
        ))}
      </ul>
      {!all && list.length > FIRST_SHOWN && (
        <button className="button" data-size="small" onClick={() => setAll(true)}>
          Show all {list.length}
        </button>
      )}
    </section>
  );
}

function EventRow(props: {
  deviceId: string;
  event: PowerEvent;
  open: boolean;
  onToggle: () => void;
}) {
  const { event, open } = props;
  const { label, extreme } = eventWords(event);
  const detail = `event-${event.event_id}`;
  return (
    <li className="event" data-kind={event.kind}>
      <button
        className="event-row"
        aria-expanded={open}
        aria-controls={detail}
        onClick={props.onToggle}
      >
        <Icon name="chevronRight" className="event-arrow" />
        <span className="event-kind">{label}</span>
        <time dateTime={new Date(event.start_ms).toISOString()}>{moment(event.start_ms)}</time>
        <span className="event-length">{duration(event.duration_ms)}</span>
        <span className="event-extreme">
          {extreme} <b>{fixed(event.extreme_v, 1)}&nbsp;V</b>
          <span className="muted">
            {" "}
            ({text(percent(event.extreme_v / event.declared_v))} of {fixed(event.declared_v, 0)}
            &nbsp;V)
          </span>
        </span>
        <QualityFlags flags={event.quality} />
      </button>
      <div id={detail} hidden={!open}>
        {open && <EventWaveform deviceId={props.deviceId} event={event} />}
      </div>
    </li>
  );
}

function EventWaveform(props: { deviceId: string; event: PowerEvent }) {
  const { deviceId, event } = props;
  const waveform = useQuery({
    queryKey: ["waveform", deviceId, event.event_id],
    queryFn: ({ signal }) => getWaveform(deviceId, event.event_id, signal),
    enabled: event.has_waveform,
    staleTime: 60_000,
  });
  if (!event.has_waveform) {
    return (
      <p className="muted event-note">
        The meter kept no waveform of this event: it keeps a limited number per hour, and none when
        it was too busy.
      </p>
    );
  }
  if (waveform.isPending) return <Spinner label="Loading the waveform" />;
  if (waveform.isError) {
    return <ErrorNote error={waveform.error} onRetry={() => void waveform.refetch()} />;
  }
  const { label } = eventWords(event);
  return (
    <>
      <ul className="legend event-legend">
        {waveform.data.map(({ channel, signal }) => (
          <li key={`${signal} ${channel}`}>
            <span
              className="swatch"
              data-channel={signal === "voltage" ? "net" : channel}
              aria-hidden="true"
            />
            {signal === "voltage" ? "Voltage" : `Current ${channel}`}
          </li>
        ))}
      </ul>
      <WaveformChart
        signals={waveform.data}
        durationMs={event.duration_ms}
        label={`Waveform of the ${label.toLowerCase()}: voltage and currents over time; the event is shaded.`}
      />
    </>
  );
}
