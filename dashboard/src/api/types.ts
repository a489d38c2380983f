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
  /** Null where the case has no switch that notices when it is opened. */
  tamper: { latched: boolean; case_open: boolean; count: number } | null;
  unacknowledged_data: boolean | null;
  active_power_w: number | null;
  reference_voltage_v: number | null;
  frequency_hz: number | null;
  /** Of the newest reading and its channels. */
  quality: string[];
}

export type CertificateState = "pending" | "active" | "superseded" | "revoked" | "expired";

export interface Certificate {
  certificate_id: string;
  device_id: string;
  state: CertificateState;
  serial_number: string;
  issued_ms: number;
  changed_ms: number;
  not_before_ms: number;
  not_after_ms: number;
  renew_after_ms: number;
  days_left: number;
  /** Its device should have renewed it long ago. */
  renewal_overdue: boolean;
  /** Of the report that came with the request for it, if one did. */
  attestation: { verdict: AttestationVerdict; level: AttestationLevel; time_ms: number } | null;
}

export type AttestationVerdict = "trusted" | "degraded" | "failed";
export type AttestationLevel = "software" | "verified_boot" | "secure_element";

/** A device's report on itself, as the server has judged it. */
export interface Attestation {
  verdict: AttestationVerdict;
  reasons: string[];
  report: {
    level: AttestationLevel;
    hardware: string;
    software: string;
    version: string;
    keystore: string;
    image_sha256: string;
    secure_boot: boolean;
    debugging: boolean;
    boot_count: number;
    uptime_s: number;
    time_ms: number | null;
    tampered: boolean;
    tamper_count: number;
  } | null;
}

/** A token that no device has used yet. */
export interface PendingDevice {
  device_id: string;
  creator: string;
  created_ms: number;
  expires_ms: number;
  replaces: boolean;
}

export interface Identities {
  certificates: Certificate[];
  pending: PendingDevice[];
}

export interface AuditRecord {
  time_ms: number;
  kind: string;
  device_id: string;
  actor: string;
  address: string;
  detail: string;
}

export interface EnrolmentToken {
  device_id: string;
  provisioning_token: string;
  expires_ms: number;
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
  fundamental_voltage_v: number;
  fundamental_current_a: number;
  fundamental_power_w: number;
  fundamental_apparent_power_va: number;
  non_active_power_va: number;
  non_fundamental_apparent_va: number;
  current_distortion_va: number;
  voltage_distortion_va: number;
  harmonic_apparent_va: number;
  displacement_power_factor: number | null;
  voltage_thd: number | null;
  current_thd: number | null;
  reactive_mvars: number[];
  import_mj: number;
  export_mj: number;
  quality: string[];
}

/** The meter's own registers over all its channels, by tariff rate. */
export interface ReadingTotal {
  import_mj: number;
  export_mj: number;
  rates: { import_mj: number; export_mj: number }[];
  reactive_mvars: number[];
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
  rate: number;
  channels: ReadingChannel[];
  total: ReadingTotal;
}

export type SignalKind = "voltage" | "current";

/** Harmonic subgroups of one signal; `harmonics[h - 1]` is order h as a share of the fundamental. */
export interface Spectrum {
  channel: number;
  signal: SignalKind;
  time_ms: number;
  span_ms: number;
  windows: number;
  frequency_hz: number | null;
  fundamental: number;
  thd: number;
  harmonics: number[];
  quality: string[];
}

export interface PowerEvent {
  event_id: string;
  kind: string;
  channel: number;
  start_ms: number;
  duration_ms: number;
  extreme_v: number;
  declared_v: number;
  quality: string[];
  has_waveform: boolean;
}

export interface WaveformSignal {
  channel: number;
  signal: SignalKind;
  unit: string;
  /** Of the first value, relative to the start of the event. */
  start_ms: number;
  interval_us: number;
  values: number[];
}

export type IntervalKind = "quality_10min" | "quality_2h" | "demand";

export interface IntervalChannel {
  channel: number;
  voltage_v: number;
  voltage_low_v: number;
  voltage_high_v: number;
}

export interface MeteringInterval {
  kind: IntervalKind;
  start_ms: number;
  end_ms: number;
  flags: string[];
  quality: string[];
  demand_w: number | null;
  maximum_demand_w: number | null;
  maximum_demand_ms: number | null;
  channels: IntervalChannel[];
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

/** A lifetime register: what the meter counted, and what is shown after a preset. */
export interface Register {
  import_mj: number;
  export_mj: number;
  shown_import_mj: number;
  shown_export_mj: number;
  reactive_mvars: number[];
}

export interface Energy {
  start_ms: number;
  end_ms: number;
  import_mj: number;
  export_mj: number;
  channels: ChannelEnergy[];
  registers: (Register & { channel: number })[];
  total: Register & { rates: { import_mj: number; export_mj: number }[] };
}

/** Who set what a register shows, and when. */
export interface Preset {
  register: string;
  time_ms: number;
  username: string;
  old_mj: number;
  new_mj: number;
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

export interface DemandResult {
  detail: {
    maximum_demand_w: number;
    maximum_demand_ms: number | null;
    reset_by: string;
    previous_demand_w: number;
  };
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
  | { event: "command"; data: CommandEvent }
  | { event: "spectrum"; data: Spectrum & { device_id: string } }
  | { event: "power_event"; data: PowerEvent & { device_id: string } };
