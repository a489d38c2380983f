// SPDX-License-Identifier: MIT
// What contracts/rest.md says, as types. Names are those of the wire.

export const CHANNEL_COUNT = 8;
export const RELAY_COUNT = 8;

export interface Session {
  user: { username: string; role: string };
  csrf_token: string;
}

export interface Device {
  device_id: string;
  name: string | null;
  profile: string;
  online: boolean;
  last_seen_ms: number | null;
  last_reading_ms: number | null;
  relay_mask: number | null;
  relay_mask_known: boolean;
  firmware_version: string | null;
  journal_depth: number | null;
  unacknowledged_data: boolean | null;
  active_power_w: number | null;
  reference_voltage_v: number | null;
  frequency_hz: number | null;
}

export interface DevicePage {
  devices: Device[];
  pagination: { page: number; per_page: number; total: number; pages: number };
}

export interface ReadingChannel {
  channel: number;
  connected: boolean;
  voltage_v: number;
  current_a: number;
  active_power_w: number;
  reactive_power_var: number;
  apparent_power_va: number;
  power_factor: number;
  import_mj: number;
  export_mj: number;
  quality: string[];
}

export interface Reading {
  device_id: string;
  journal_id: string;
  seq: number;
  time_ms: number;
  time_source: string;
  uptime_ms: number;
  boot_id: number;
  window_us: number;
  frequency_hz: number | null;
  quality: string[];
  channels: ReadingChannel[];
}

export type SeriesColumn = (number | null)[];

export interface Series {
  device_id: string;
  channel: number | "total";
  start_ms: number;
  end_ms: number;
  bucket_ms: number;
  source: string;
  time_ms: number[];
  measured_us: number[];
  voltage_v: SeriesColumn;
  current_a: SeriesColumn;
  active_power_w: SeriesColumn;
  active_power_min_w: SeriesColumn;
  active_power_max_w: SeriesColumn;
  reactive_power_var: SeriesColumn;
  apparent_power_va: SeriesColumn;
  power_factor: SeriesColumn;
  frequency_hz: SeriesColumn;
  import_mj: SeriesColumn;
  export_mj: SeriesColumn;
  quality: SeriesColumn;
}

export interface ChannelEnergy {
  channel: number;
  import_mj: number;
  export_mj: number;
}

export interface Energy {
  start_ms: number;
  end_ms: number;
  import_mj: number;
  export_mj: number;
  channels: ChannelEnergy[];
  registers: ChannelEnergy[];
}

export interface Deliveries {
  journals: {
    journal_id: string;
    watermark: number;
    stored: number;
    doubled: number;
    gaps: { first_seq: number; last_seq: number }[];
  }[];
}

export interface CommandResult {
  cmd_id: string;
  status: string;
  relay_mask: number;
}

export type RelayCommand =
  { command: "set_relay"; relay: number; state: boolean } | { command: "set_relays"; mask: number };

export interface RelayEvent {
  device_id: string;
  relay_mask: number;
  time_ms: number;
}

export interface CommandEvent {
  device_id: string;
  cmd_id: string;
  status: string;
  relay_mask: number | null;
}

export type StreamEvent =
  | { event: "reading"; data: Reading }
  | { event: "relay"; data: RelayEvent }
  | { event: "device"; data: Device }
  | { event: "command"; data: CommandEvent };
