// SPDX-License-Identifier: MIT
import { useMutation, useQuery } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import {
  ApiError,
  getAudit,
  getDevice,
  getIdentities,
  issueToken,
  serverNowMs,
} from "../api/client";
import type { EnrolmentToken } from "../api/types";
import { parseDeviceCode, type DeviceCode } from "../model/device_code";
import { progressOf, type Progress, type StepName } from "../model/enrolment";
import { routeHref } from "../router";
import { Icon } from "../ui/icons";
import { ErrorNote, useNow, useTitle } from "../ui/parts";
import { CodeScanner, canScan } from "./code_scanner";
import { JoinHotspot, SetUpLink } from "./set_up_help";

const TOKEN_LIFE_S = 3600;
const POLL_MS = 2000;

interface Begun {
  code: DeviceCode;
  token: EnrolmentToken;
  sinceMs: number;
}

/** From the label of a device to its first reading. */
export function AddDevicePage() {
  const [begun, setBegun] = useState<Begun | null>(null);
  useTitle("Add a device");
  return (
    <div className="page narrow">
      <a className="back-link" href={routeHref({ page: "devices" })}>
        <Icon name="chevronLeft" />
        Devices
      </a>
      <h1>Add a device</h1>
      {begun === null ? (
        <NameDevice onBegun={setBegun} />
      ) : (
        <SetUpDevice begun={begun} onAgain={() => setBegun(null)} />
      )}
    </div>
  );
}

function NameDevice(props: { onBegun: (begun: Begun) => void }) {
  const [typed, setTyped] = useState("");
  const [complaint, setComplaint] = useState<string | null>(null);
  const [replaces, setReplaces] = useState(false);
  const [scanning, setScanning] = useState(false);
  const fieldId = useId();
  const begin = useMutation({
    async mutationFn(code: DeviceCode): Promise<Begun> {
      const sinceMs = serverNowMs();
      return { code, sinceMs, token: await issueToken(code.deviceId, TOKEN_LIFE_S, replaces) };
    },
    onSuccess: props.onBegun,
  });
  const active = begin.error instanceof ApiError && /ACTIVE_CERTIFICATE/i.test(begin.error.code);

  function take(text: string): void {
    const code = parseDeviceCode(text);
    setTyped(text);
    setScanning(false);
    setComplaint(
      code === null
        ? "That is neither a name (letters, digits, - and _, at most 32) nor a label’s code."
        : null,
    );
    if (code !== null && !begin.isPending) begin.mutate(code);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    take(typed);
  }

  return (
    <form className="card add-form" onSubmit={submit}>
      <label className="field" htmlFor={fieldId}>
        <span>Name of the device, or the code on its label</span>
        <input
          id={fieldId}
          className="input"
          value={typed}
          autoFocus
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          placeholder="meter-1 or EM1:meter-1:…"
          aria-invalid={complaint !== null}
          aria-describedby={complaint === null ? undefined : `${fieldId}-complaint`}
          onChange={(event) => {
            setTyped(event.target.value);
            setComplaint(null);
          }}
        />
      </label>
      {complaint !== null && (
        <p className="note" data-kind="error" id={`${fieldId}-complaint`} role="alert">
          <Icon name="warning" />
          <span>{complaint}</span>
        </p>
      )}
      {begin.isError && <ErrorNote error={begin.error} />}
      {active && (
        <label className="check">
          <input
            type="checkbox"
            checked={replaces}
            onChange={(event) => setReplaces(event.target.checked)}
          />
          Replace the certificate that is in force: the device is set up anew
        </label>
      )}
      {scanning && <CodeScanner onFound={take} onClose={() => setScanning(false)} />}
      <div className="button-row">
        <button
          className="button"
          data-kind="primary"
          type="submit"
          aria-disabled={begin.isPending || typed.trim() === ""}
        >
          {begin.isPending ? "Asking for a code…" : "Begin"}
        </button>
        {canScan() && !scanning && (
          <button className="button" type="button" onClick={() => setScanning(true)}>
            Scan the code
          </button>
        )}
      </div>
    </form>
  );
}

const STEPS: Record<StepName, { waiting: string; done: string; failed: string }> = {
  token: {
    waiting: "Enrolment code made",
    done: "Enrolment code made",
    failed: "The enrolment code has expired",
  },
  certificate: {
    waiting: "Waiting for the device to ask for its certificate",
    done: "Certificate issued",
    failed: "No certificate",
  },
  connection: {
    waiting: "Waiting for it to connect",
    done: "Connected",
    failed: "Not connected",
  },
  reading: {
    waiting: "Waiting for its first reading",
    done: "First reading stored",
    failed: "No reading",
  },
};

function useProgress(begun: Begun): Progress | null {
  const { deviceId } = begun.code;
  const now = useNow();
  const known = useQuery({
    queryKey: ["adding", deviceId, begun.sinceMs],
    async queryFn({ signal }) {
      const [identities, audit, device] = await Promise.all([
        getIdentities(signal, deviceId),
        getAudit(20, signal),
        getDevice(deviceId, signal).catch((error: unknown) => {
          if (error instanceof ApiError && error.code === "device_not_found") return null;
          throw error;
        }),
      ]);
      return { identities, audit, device };
    },
    refetchInterval: POLL_MS,
  });
  if (known.data === undefined) return null;
  return progressOf({
    ...known.data,
    deviceId,
    sinceMs: begun.sinceMs,
    nowMs: now,
    tokenExpiresMs: begun.token.expires_ms,
  });
}

function SetUpDevice(props: { begun: Begun; onAgain: () => void }) {
  const { code, token } = props.begun;
  const progress = useProgress(props.begun);
  const waits = progress === null || progress.steps[1]?.state !== "done";
  return (
    <>
      {waits && (
        <section className="card set-up" aria-labelledby="set-up-title">
          <h2 id="set-up-title">Set {code.deviceId} up</h2>
          <ol className="set-up-steps">
            <li>
              <JoinHotspot secret={code.secret} />
            </li>
            <li>
              <p>
                A page opens by itself (or open <code>http://192.168.4.1</code>). Choose your
                network there, and enter this enrolment code:
              </p>
              <Copyable name="enrolment code" value={token.provisioning_token} />
              <SetUpLink token={token.provisioning_token} />
            </li>
          </ol>
        </section>
      )}
      <section className="card" aria-labelledby="progress-title">
        <h2 id="progress-title">Progress</h2>
        <ol className="progress" aria-live="polite">
          {(progress?.steps ?? []).map((step) => (
            <li key={step.name} data-state={step.state}>
              {step.state === "done" && <Icon name="check" />}
              {step.state === "waiting" && <span className="mini-spinner" aria-hidden="true" />}
              {step.state === "failed" && <Icon name="warning" />}
              {step.state === "later" && <span className="progress-dot" aria-hidden="true" />}
              {STEPS[step.name][step.state === "later" ? "waiting" : step.state]}
              {step.state === "later" && <span className="visually-hidden"> (later)</span>}
            </li>
          ))}
        </ol>
        {progress?.failure != null && (
          <p className="note" data-kind="error" role="alert">
            <Icon name="warning" />
            <span>{progress.failure}</span>
          </p>
        )}
        <div className="button-row">
          {progress?.done === true ? (
            <a
              className="button"
              data-kind="primary"
              href={routeHref({ page: "device", deviceId: code.deviceId, tab: "live" })}
            >
              See the device
            </a>
          ) : (
            <button className="button" onClick={props.onAgain}>
              Begin again
            </button>
          )}
        </div>
      </section>
    </>
  );
}

function Copyable(props: { name: string; value: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <p className="copyable">
      <code>{props.value}</code>
      <button
        className="button"
        data-size="small"
        type="button"
        onClick={() => {
          void navigator.clipboard.writeText(props.value).then(() => setCopied(true));
        }}
      >
        {copied ? "Copied" : "Copy"}
        <span className="visually-hidden"> the {props.name}</span>
      </button>
    </p>
  );
}
