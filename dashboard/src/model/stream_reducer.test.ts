// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import type { Device, PowerEvent, Reading, ReadingChannel, Spectrum } from "../api/types";
import {
  applyPowerEvent,
  applySpectrum,
  applyToDevice,
  applyToDevices,
  netPowerW,
} from "./stream_reducer";

const DEVICE: Device = {
  device_id: "meter-1",
  name: "Kitchen",
  profile: "energy_meter",
  online: true,
  last_seen_ms: 5000,
  last_reading_ms: 5000,
  relay_mask: null,
  relay_mask_known: false,
  firmware_version: "0.1.0",
  journal_depth: 0,
  tamper: null,
  unacknowledged_data: false,
  active_power_w: 10,
  reference_voltage_v: 230,
  frequency_hz: 50,
  quality: [],
};

function channel(number: number, watts: number): ReadingChannel {
  return {
    channel: number,
    connected: true,
    voltage_v: 231.5,
    current_a: 1,
    active_power_w: watts,
    reactive_power_var: 0,
    apparent_power_va: Math.abs(watts),
    power_factor: 1,
    fundamental_voltage_v: 231.5,
    fundamental_current_a: 1,
    fundamental_power_w: watts,
    fundamental_apparent_power_va: Math.abs(watts),
    non_active_power_va: 0,
    non_fundamental_apparent_va: 0,
    current_distortion_va: 0,
    voltage_distortion_va: 0,
    harmonic_apparent_va: 0,
    displacement_power_factor: 1,
    voltage_thd: 0,
    current_thd: 0,
    reactive_mvars: [0, 0, 0, 0],
    import_mj: 0,
    export_mj: 0,
    quality: [],
  };
}

function reading(timeMs: number, ...watts: number[]): Reading {
  return {
    device_id: "meter-1",
    journal_id: "00",
    seq: 1,
    time_ms: timeMs,
    time_source: "sntp",
    uptime_ms: 0,
    boot_id: 1,
    window_us: 1_000_000,
    frequency_hz: 49.98,
    quality: [],
    rate: 0,
    total: { import_mj: 0, export_mj: 0, rates: [], reactive_mvars: [0, 0, 0, 0] },
    channels: watts.map((power, number) => channel(number, power)),
  };
}

describe("the list of devices", () => {
  it("shows net power, voltage and age of a new reading", () => {
    const event = { event: "reading", data: reading(6000, 500, -700) } as const;
    expect(applyToDevice(DEVICE, event)).toMatchObject({
      active_power_w: -200,
      reference_voltage_v: 231.5,
      frequency_hz: 49.98,
      last_reading_ms: 6000,
      last_seen_ms: 6000,
    });
  });

  it("shows the doubts of a new reading and of its channels, and forgets those before", () => {
    const data = { ...reading(6000, 500, -700), quality: ["gap"] };
    data.channels[1] = { ...channel(1, -700), quality: ["clipped", "gap"] };
    const device = applyToDevice(DEVICE, { event: "reading", data });
    expect(device.quality).toEqual(["gap", "clipped"]);
    const sound = { event: "reading", data: reading(7000, 500) } as const;
    expect(applyToDevice(device, sound).quality).toEqual([]);
  });

  it("is not set back by a reading that comes late", () => {
    const event = { event: "reading", data: reading(4000, 1) } as const;
    expect(applyToDevice(DEVICE, event)).toBe(DEVICE);
  });

  it("knows the relays after a report", () => {
    const data = { device_id: "meter-1", relay_mask: 5, time_ms: 6000 };
    const device = applyToDevice(DEVICE, { event: "relay", data });
    expect(device).toMatchObject({ relay_mask: 5, relay_mask_known: true });
  });

  it("replaces a device that changed, adds one that is new, and leaves the others alone", () => {
    const other = { ...DEVICE, device_id: "meter-2" };
    const offline = { ...DEVICE, online: false };
    const list = [other, DEVICE];
    const next = applyToDevices(list, { event: "device", data: offline });
    expect(next).toEqual([other, offline]);
    expect(next[0]).toBe(other);
    const fresh = { ...DEVICE, device_id: "meter-3" };
    expect(applyToDevices(list, { event: "device", data: fresh })).toHaveLength(3);
  });

  it("ignores events of devices that are not on it", () => {
    const list = [{ ...DEVICE, device_id: "meter-2" }];
    expect(applyToDevices(list, { event: "reading", data: reading(6000, 1) })).toBe(list);
  });
});

describe("net power", () => {
  it("is import less export, and unknown without channels", () => {
    expect(netPowerW(reading(0, 100, -30))).toBe(70);
    expect(netPowerW(reading(0))).toBeNull();
  });
});

describe("power quality", () => {
  const spectrum = (channel: number, thd: number) =>
    ({ channel, signal: "current", thd }) as Spectrum;
  const event = (event_id: string, start_ms: number) => ({ event_id, start_ms }) as PowerEvent;

  it("keeps the newest spectrum of each channel and signal", () => {
    const spectra = applySpectrum([spectrum(0, 0.1), spectrum(1, 0.2)], spectrum(0, 0.3));
    expect(spectra.map(({ channel, thd }) => [channel, thd])).toEqual([
      [1, 0.2],
      [0, 0.3],
    ]);
  });

  it("lists events newest first, each of them once", () => {
    const events = applyPowerEvent([event("b", 20), event("a", 10)], event("a", 10));
    expect(events.map(({ event_id }) => event_id)).toEqual(["b", "a"]);
    expect(applyPowerEvent(events, event("c", 30))[0]?.event_id).toBe("c");
  });
});
