// SPDX-License-Identifier: MIT
// Folds events of the live stream into the list of devices.

import type { Device, PowerEvent, Reading, Spectrum, StreamEvent } from "../api/types";
import { allFlags } from "./quality";

/** Net power of a reading: what is imported less what is exported; null without channels. */
export function netPowerW(reading: Reading): number | null {
  if (reading.channels.length === 0) return null;
  return reading.channels.reduce((sum, channel) => sum + channel.active_power_w, 0);
}

/** Mains voltage of a reading: that of its first channel, since all share the reference. */
export function referenceVoltageV(reading: Reading): number | null {
  return reading.channels[0]?.voltage_v ?? null;
}

function later(a: number | null, b: number): number {
  return a === null ? b : Math.max(a, b);
}

/** `device` after `event`, which is about it; the same object if nothing changes. */
export function applyToDevice(device: Device, event: StreamEvent): Device {
  switch (event.event) {
    case "device":
      return event.data;
    case "reading": {
      const reading = event.data;
      if (device.last_reading_ms !== null && reading.time_ms < device.last_reading_ms)
        return device;
      return {
        ...device,
        last_seen_ms: later(device.last_seen_ms, reading.time_ms),
        last_reading_ms: reading.time_ms,
        active_power_w: netPowerW(reading),
        reference_voltage_v: referenceVoltageV(reading),
        frequency_hz: reading.frequency_hz,
        quality: allFlags(reading),
      };
    }
    case "relay":
      return { ...device, relay_mask: event.data.relay_mask, relay_mask_known: true };
    case "command":
    case "spectrum":
    case "power_event":
      return device;
  }
}

/** The list after `event`. A device that nobody knew yet is added when it announces itself. */
export function applyToDevices(devices: Device[], event: StreamEvent): Device[] {
  const at = devices.findIndex(({ device_id }) => device_id === event.data.device_id);
  const known = devices[at];
  if (known === undefined) return event.event === "device" ? [...devices, event.data] : devices;
  const next = applyToDevice(known, event);
  return next === known ? devices : devices.with(at, next);
}

/** The newest spectra after another one came: one for each channel and signal. */
export function applySpectrum(spectra: Spectrum[], newest: Spectrum): Spectrum[] {
  const others = spectra.filter(
    ({ channel, signal }) => channel !== newest.channel || signal !== newest.signal,
  );
  return [...others, newest];
}

/** The list of events, newest first, after one came, perhaps again. */
export function applyPowerEvent(events: PowerEvent[], newest: PowerEvent): PowerEvent[] {
  const others = events.filter(({ event_id }) => event_id !== newest.event_id);
  return [newest, ...others].toSorted((a, b) => b.start_ms - a.start_ms);
}
