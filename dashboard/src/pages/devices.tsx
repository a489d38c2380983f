// SPDX-License-Identifier: MIT
import { useQuery } from "@tanstack/react-query";
import { memo, useDeferredValue, useState } from "react";
import { listDevices } from "../api/client";
import { RELAY_COUNT, type Device } from "../api/types";
import { fixed } from "../model/format";
import { flagsTouching } from "../model/quality";
import { routeHref } from "../router";
import { Icon } from "../ui/icons";
import {
  Age,
  DoubtMark,
  EmptyState,
  ErrorNote,
  Measure,
  OnlinePill,
  QualityFlags,
  SignedPower,
  Spinner,
  useTitle,
} from "../ui/parts";

const SEARCH_FROM = 6; // with fewer devices a search field is only in the way
const ROWS_AT_FIRST = 100;
const LARGE_FLEET = 50;
const LARGE_FLEET_POLL_MS = 5000;

/** A fleet whose readings would be more than a browser wants to be told; it is asked instead. */
export function isLargeFleet(devices: Device[] | undefined): boolean {
  return devices !== undefined && devices.length > LARGE_FLEET;
}

export function displayName(device: Device): string {
  return device.name === null || device.name === "" ? device.device_id : device.name;
}

function matches(device: Device, needle: string): boolean {
  return `${device.name ?? ""} ${device.device_id}`.toLowerCase().includes(needle);
}

export function DevicesPage() {
  const [search, setSearch] = useState("");
  const [rows, setRows] = useState(ROWS_AT_FIRST);
  const needle = useDeferredValue(search.trim().toLowerCase());
  const devices = useQuery({
    queryKey: ["devices"],
    queryFn: ({ signal }) => listDevices(signal),
    refetchInterval: ({ state }) => (isLargeFleet(state.data) ? LARGE_FLEET_POLL_MS : 15_000),
  });
  useTitle("Devices");

  if (devices.isPending) return <Spinner label="Loading devices" />;
  if (devices.data === undefined) {
    return (
      <div className="page">
        <h1>Devices</h1>
        <ErrorNote
          error={devices.error ?? new Error("Unknown failure.")}
          onRetry={() => void devices.refetch()}
        />
      </div>
    );
  }

  const all = devices.data.toSorted((a, b) => displayName(a).localeCompare(displayName(b)));
  const found = needle === "" ? all : all.filter((device) => matches(device, needle));
  const online = all.filter((device) => device.online).length;

  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Devices</h1>
          {all.length > 0 && (
            <p className="muted">
              {online} of {all.length} online
            </p>
          )}
        </div>
        <a className="button" data-kind="primary" href={routeHref({ page: "add" })}>
          Add a device
        </a>
        {all.length >= SEARCH_FROM && (
          <label className="search">
            <Icon name="search" />
            <span className="visually-hidden">Search devices by name or identity</span>
            <input
              className="input"
              type="search"
              placeholder="Search name or identity"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </label>
        )}
      </div>
      <p className="visually-hidden" role="status">
        {needle !== "" && `${found.length} devices found`}
      </p>
      {all.length === 0 ? (
        <NoDevices />
      ) : found.length === 0 ? (
        <EmptyState title="Nothing found" icon="search">
          <p>No device has “{search.trim()}” in its name or identity.</p>
          <button className="button" onClick={() => setSearch("")}>
            Clear the search
          </button>
        </EmptyState>
      ) : (
        <ul className="device-grid">
          {found.slice(0, rows).map((device) => (
            <DeviceCard key={device.device_id} device={device} />
          ))}
        </ul>
      )}
      {found.length > rows && (
        <button className="button" onClick={() => setRows(rows + ROWS_AT_FIRST)}>
          Show more ({found.length - rows})
        </button>
      )}
    </div>
  );
}

function NoDevices() {
  return (
    <EmptyState title="No devices yet" icon="meter">
      <p>
        A device appears here by itself once it has connected with its certificate and sent its
        first reading.
      </p>
      <a className="button" data-kind="primary" href={routeHref({ page: "add" })}>
        Add a device
      </a>
    </EmptyState>
  );
}

const DeviceCard = memo(function DeviceCard(props: { device: Device }) {
  const { device } = props;
  const name = displayName(device);
  return (
    <li className="card device-card" data-online={device.online}>
      <div className="device-card-head">
        <h2>
          <a href={routeHref({ page: "device", deviceId: device.device_id, tab: "live" })}>
            {name}
          </a>
        </h2>
        <OnlinePill online={device.online} />
      </div>
      <p className="device-id">{device.device_id}</p>
      <SignedPower
        watts={device.active_power_w}
        className={device.online ? "big-power" : "big-power stale"}
      />
      <QualityFlags flags={flagsTouching(device.quality, "power")} />
      <dl className="facts">
        <div>
          <dt>Voltage</dt>
          <dd>
            <Measure quantity={{ value: fixed(device.reference_voltage_v, 1), unit: "V" }} />
            <DoubtMark flags={flagsTouching(device.quality, "voltage")} />
          </dd>
        </div>
        <div>
          <dt>Frequency</dt>
          <dd>
            <Measure quantity={{ value: fixed(device.frequency_hz, 2), unit: "Hz" }} />
            <DoubtMark flags={flagsTouching(device.quality, "frequency")} />
          </dd>
        </div>
        <div>
          <dt>Last reading</dt>
          <dd>
            <Age ms={device.last_reading_ms} never="none yet" />
          </dd>
        </div>
      </dl>
      {device.tamper?.latched === true ? (
        <p className="relay-dots tampered">
          <Icon name="warning" /> Case opened: relays stay off
        </p>
      ) : (
        <RelayDots device={device} />
      )}
    </li>
  );
});

function RelayDots(props: { device: Device }) {
  const { relay_mask: mask, relay_mask_known: known } = props.device;
  if (!known || mask === null) return <p className="relay-dots muted">Relays unknown</p>;
  const on = Array.from({ length: RELAY_COUNT }, (_, relay) => (mask >> relay) & 1);
  const count = on.reduce((sum, bit) => sum + bit, 0);
  return (
    <p className="relay-dots">
      <span className="relay-dot-row" aria-hidden="true">
        {on.map((bit, relay) => (
          <span key={relay} className="relay-dot" data-on={bit === 1} />
        ))}
      </span>
      {count === 0 ? "All relays off" : `${count} of ${RELAY_COUNT} relays on`}
    </p>
  );
}
