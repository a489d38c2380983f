// SPDX-License-Identifier: MIT
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { getDeliveries } from "../api/client";
import type { Device, Reading } from "../api/types";
import { fixed, moment } from "../model/format";
import { Icon } from "../ui/icons";
import { ErrorNote } from "../ui/parts";
import { DemandCard } from "./demand_card";
import { IdentityCard } from "./identity_card";
import { Registers } from "./registers";

function Fact(props: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

const TIME_SOURCES: Record<string, string> = {
  none: "estimated from the time of arrival",
  server: "from this server",
  host: "from the clock of its host",
  sntp: "from a time server (SNTP)",
};

export function DeviceDetails(props: { device: Device; reading: Reading | null }) {
  const { device, reading } = props;
  return (
    <div className="details-layout">
      <section className="card" aria-labelledby="about-title">
        <div className="card-head">
          <h2 id="about-title">About the device</h2>
        </div>
        <dl className="facts facts-wide">
          <Fact name="Identity">{device.device_id}</Fact>
          <Fact name="Profile">{device.profile.replaceAll("_", " ")}</Fact>
          <Fact name="Firmware">{device.firmware_version ?? "unknown"}</Fact>
          <Fact name="Last seen">
            {device.last_seen_ms === null ? "never" : moment(device.last_seen_ms)}
          </Fact>
          <Fact name="Readings waiting on the device">{device.journal_depth ?? "unknown"}</Fact>
          {reading && (
            <>
              <Fact name="Boots">{reading.boot_id}</Fact>
              <Fact name="Time">{TIME_SOURCES[reading.time_source] ?? reading.time_source}</Fact>
              <Fact name="Length of a window">{fixed(reading.window_us / 1e6, 3)} s</Fact>
            </>
          )}
        </dl>
        {device.unacknowledged_data === true && (
          <p className="note" data-kind="info">
            <Icon name="warning" />
            <span>
              This meter cannot repeat readings that were lost on the way, so its history may have
              gaps.
            </span>
          </p>
        )}
      </section>
      <Registers deviceId={device.device_id} doubts={reading?.quality ?? []} />
      <div className="details-side">
        <IdentityCard device={device} />
        <DemandCard deviceId={device.device_id} />
        <DeliveryCard deviceId={device.device_id} />
      </div>
    </div>
  );
}

function DeliveryCard(props: { deviceId: string }) {
  const deliveries = useQuery({
    queryKey: ["deliveries", props.deviceId],
    queryFn: ({ signal }) => getDeliveries(props.deviceId, signal),
    refetchInterval: 30_000,
  });
  return (
    <section className="card" aria-labelledby="deliveries-title">
      <div className="card-head">
        <h2 id="deliveries-title">Delivery of readings</h2>
      </div>
      {deliveries.isError && <ErrorNote error={deliveries.error} />}
      {deliveries.data?.journals.length === 0 && (
        <p className="muted">Nothing was delivered yet.</p>
      )}
      {deliveries.data?.journals.map((journal) => (
        <dl key={journal.journal_id} className="facts facts-wide">
          <Fact name="Journal">
            <code>{journal.journal_id.slice(0, 8)}</code>
          </Fact>
          <Fact name="Records stored">{fixed(journal.stored, 0)}</Fact>
          <Fact name="Stored without a hole up to">{fixed(journal.watermark, 0)}</Fact>
          <Fact name="Came again, stored once">{fixed(journal.doubled, 0)}</Fact>
          <Fact name="Gaps">
            {journal.gaps.length === 0
              ? "none"
              : journal.gaps
                  .map(({ first_seq, last_seq }) => `${fixed(first_seq, 0)}–${fixed(last_seq, 0)}`)
                  .join(", ")}
          </Fact>
        </dl>
      ))}
    </section>
  );
}
