// SPDX-License-Identifier: MIT
import * as Tabs from "@radix-ui/react-tabs";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { ApiError, getDevice, latestReading, renameDevice } from "../api/client";
import type { Device } from "../api/types";
import { DEVICE_TABS, navigate, routeHref, type DeviceTab } from "../router";
import { Icon } from "../ui/icons";
import {
  Age,
  EmptyState,
  ErrorNote,
  OnlinePill,
  QualityFlags,
  Spinner,
  useTitle,
} from "../ui/parts";
import { DeviceDetails } from "./device_details";
import { DeviceHistory } from "./device_history";
import { DeviceLive } from "./device_live";
import { DeviceQuality } from "./device_quality";
import { displayName } from "./devices";
import { TamperNote } from "./tamper_note";
import { useRelays } from "./use_relays";

const TAB_LABELS: Record<DeviceTab, string> = {
  live: "Live",
  history: "History",
  quality: "Power quality",
  details: "Details",
};

export function DevicePage(props: { deviceId: string; tab: DeviceTab }) {
  const { deviceId, tab } = props;
  const client = useQueryClient();
  const relays = useRelays(deviceId);
  const device = useQuery({
    queryKey: ["device", deviceId],
    queryFn: async ({ signal }) => {
      const version = relays.version();
      const fetched = await getDevice(deviceId, signal);
      relays.onFetched(fetched.relay_mask_known ? fetched.relay_mask : null, version);
      return fetched;
    },
    initialData: () =>
      client.getQueryData<Device[]>(["devices"])?.find(({ device_id }) => device_id === deviceId),
    initialDataUpdatedAt: 0,
    refetchInterval: 30_000,
  });
  const latest = useQuery({
    queryKey: ["latest", deviceId],
    queryFn: ({ signal }) => latestReading(deviceId, signal),
    refetchInterval: 30_000,
  });
  useTitle(device.data ? displayName(device.data) : deviceId);

  if (device.isPending) return <Spinner label="Loading the device" />;
  if (device.data === undefined) {
    const missing = device.error instanceof ApiError && device.error.code === "device_not_found";
    return (
      <div className="page">
        <BackLink />
        {missing ? (
          <EmptyState title="No such device" icon="meter">
            <p>This fleet has no device with the identity “{deviceId}”.</p>
          </EmptyState>
        ) : (
          <ErrorNote
            error={device.error ?? new Error("Unknown failure.")}
            onRetry={() => void device.refetch()}
          />
        )}
      </div>
    );
  }

  return (
    <div className="page">
      <BackLink />
      <div className="page-head device-head">
        <DeviceName device={device.data} />
        <p className="device-status">
          <OnlinePill online={device.data.online} />
          <span className="muted">
            Last reading <Age ms={device.data.last_reading_ms} never="none yet" />
          </span>
          {latest.data && <QualityFlags flags={latest.data.quality} />}
        </p>
      </div>
      <TamperNote device={device.data} name={displayName(device.data)} />
      <Tabs.Root
        value={tab}
        onValueChange={(next) => navigate({ page: "device", deviceId, tab: next as DeviceTab })}
        activationMode="manual"
      >
        <Tabs.List className="tabs" aria-label="Views of the device">
          {DEVICE_TABS.map((name) => (
            <Tabs.Trigger key={name} value={name} className="tab">
              {TAB_LABELS[name]}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="live" className="tab-content" tabIndex={-1}>
          <DeviceLive device={device.data} reading={latest.data ?? null} relays={relays} />
        </Tabs.Content>
        <Tabs.Content value="history" className="tab-content" tabIndex={-1}>
          <DeviceHistory deviceId={deviceId} />
        </Tabs.Content>
        <Tabs.Content value="quality" className="tab-content" tabIndex={-1}>
          <DeviceQuality deviceId={deviceId} reading={latest.data ?? null} />
        </Tabs.Content>
        <Tabs.Content value="details" className="tab-content" tabIndex={-1}>
          <DeviceDetails device={device.data} reading={latest.data ?? null} />
        </Tabs.Content>
      </Tabs.Root>
    </div>
  );
}

function BackLink() {
  return (
    <a className="back-link" href={routeHref({ page: "devices" })}>
      <Icon name="chevronLeft" />
      Devices
    </a>
  );
}

/** The heading; a button turns it into a field. Escape leaves it as it was. */
function DeviceName(props: { device: Device }) {
  const { device } = props;
  const client = useQueryClient();
  const [draft, setDraft] = useState<string | null>(null);
  const editButton = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  const rename = useMutation({
    mutationFn: (name: string) => renameDevice(device.device_id, name),
    onSuccess(renamed) {
      client.setQueryData(["device", device.device_id], renamed);
      void client.invalidateQueries({ queryKey: ["devices"] });
      setDraft(null);
    },
  });

  useEffect(() => {
    if (draft === null && wasEditing.current) editButton.current?.focus();
    wasEditing.current = draft !== null;
  }, [draft]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const name = (draft ?? "").trim();
    if (name === "" || name === device.name) setDraft(null);
    else rename.mutate(name);
  }

  if (draft === null) {
    return (
      <div className="device-name">
        <h1>{displayName(device)}</h1>
        <button
          ref={editButton}
          className="icon-button"
          aria-label="Rename the device"
          title="Rename"
          onClick={() => {
            rename.reset();
            setDraft(displayName(device));
          }}
        >
          <Icon name="pencil" />
        </button>
      </div>
    );
  }
  return (
    <form className="device-name" onSubmit={submit}>
      <h1 className="visually-hidden">{displayName(device)}</h1>
      <input
        className="input"
        aria-label="Name of the device"
        autoFocus
        maxLength={64}
        value={draft}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setDraft(null)}
      />
      <button className="button" data-kind="primary" type="submit" aria-disabled={rename.isPending}>
        Save
      </button>
      <button className="button" type="button" onClick={() => setDraft(null)}>
        Cancel
      </button>
      {rename.isError && (
        <p className="note" data-kind="error" role="alert">
          {rename.error.message}
        </p>
      )}
    </form>
  );
}
