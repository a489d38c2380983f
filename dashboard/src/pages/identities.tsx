// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { getAudit, getIdentities, revokeDevice } from "../api/client";
import type { AuditRecord, Certificate, PendingDevice } from "../api/types";
import { byUrgency, CERTIFICATE_STATES, isInForce, isLeftBehind } from "../model/certificates";
import { momentShort } from "../model/format";
import { brokerText, refusalText } from "../model/enrolment";
import { routeHref } from "../router";
import { ConfirmDialog } from "../ui/confirm_dialog";
import { Icon } from "../ui/icons";
import { Age, EmptyState, ErrorNote, Spinner, useNow, useTitle } from "../ui/parts";

const AUDIT_RECORDS = 50;
const SOON_DAYS = 14;

export function IdentitiesPage() {
  const [showOld, setShowOld] = useState(false);
  const identities = useQuery({
    queryKey: ["identities"],
    queryFn: ({ signal }) => getIdentities(signal),
    refetchInterval: 15_000,
  });
  useTitle("Identities");
  if (identities.isPending) return <Spinner label="Loading identities" />;
  if (identities.data === undefined) {
    return (
      <div className="page">
        <h1>Identities</h1>
        <ErrorNote error={identities.error} onRetry={() => void identities.refetch()} />
      </div>
    );
  }
  const { certificates, pending } = identities.data;
  const all = certificates.toSorted(byUrgency(certificates));
  const lasting = all.filter(isInForce);
  const overdue = all.filter(({ renewal_overdue }) => renewal_overdue);
  const leftBehind = all.filter((one) => isLeftBehind(one, all));
  const shown = showOld ? all : all.filter((one) => isInForce(one) || leftBehind.includes(one));
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Identities</h1>
          <p className="muted">
            {lasting.length} {lasting.length === 1 ? "certificate" : "certificates"} in force
            {pending.length > 0 && `, ${pending.length} awaited`}
          </p>
        </div>
        <a className="button" data-kind="primary" href={routeHref({ page: "add" })}>
          Add a device
        </a>
      </div>
      {(overdue.length > 0 || leftBehind.length > 0) && (
        <AttentionNote overdue={overdue} leftBehind={leftBehind} />
      )}
      {pending.length > 0 && <PendingList pending={pending} />}
      <section className="card" aria-labelledby="certificates-title">
        <div className="card-head">
          <h2 id="certificates-title">Certificates</h2>
          {(showOld || all.length > shown.length) && (
            <label className="check">
              <input
                type="checkbox"
                checked={showOld}
                onChange={(event) => setShowOld(event.target.checked)}
              />
              Show those that are over
            </label>
          )}
        </div>
        {shown.length === 0 ? (
          <EmptyState title="No certificates yet" icon="meter">
            <p>A device gets its own when it is added.</p>
          </EmptyState>
        ) : (
          <ul className="identity-list">
            {shown.map((certificate) => (
              <CertificateRow key={certificate.certificate_id} certificate={certificate} />
            ))}
          </ul>
        )}
      </section>
      <AuditCard />
    </div>
  );
}

function names(certificates: readonly Certificate[]): string {
  const some = certificates.slice(0, 3).map(({ device_id }) => device_id);
  const more = certificates.length - some.length;
  return `${some.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Devices that renew by themselves, and have not. */
function AttentionNote(props: { overdue: Certificate[]; leftBehind: Certificate[] }) {
  const { overdue, leftBehind } = props;
  return (
    <div className="attention" role="alert">
      {overdue.length > 0 && (
        <p className="note" data-kind="error">
          <Icon name="warning" />
          <span>
            Not renewed in time, and ending soon: {names(overdue)}. Is the device online, and does
            it reach the listener for devices?
          </span>
        </p>
      )}
      {leftBehind.length > 0 && (
        <p className="note" data-kind="error">
          <Icon name="warning" />
          <span>
            Expired without a successor: {names(leftBehind)}. For some weeks the device may still
            renew by itself; after that it must be added anew.
          </span>
        </p>
      )}
    </div>
  );
}

function PendingList(props: { pending: PendingDevice[] }) {
  return (
    <section className="card" aria-labelledby="pending-title">
      <div className="card-head">
        <h2 id="pending-title">Awaited devices</h2>
      </div>
      <ul className="identity-list">
        {props.pending.map((one) => (
          <PendingRow key={one.device_id} pending={one} />
        ))}
      </ul>
    </section>
  );
}

/** Withdraws every certificate and code of a device. */
function useRevocation(deviceId: string, reason: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => revokeDevice(deviceId, reason),
    // Not awaited: without a network the fetches take their time, and the failure is to be seen at once.
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["identities"] });
      void client.invalidateQueries({ queryKey: ["audit"] });
    },
  });
}

function PendingRow(props: { pending: PendingDevice }) {
  const { device_id, creator, created_ms, expires_ms, replaces } = props.pending;
  const now = useNow();
  const withdraw = useRevocation(device_id, "enrolment code withdrawn in the dashboard");
  return (
    <li className="identity-row">
      <span className="identity-name">{device_id}</span>
      <span className="muted identity-dates">
        asked for by {creator} <Age ms={created_ms} never="" />
      </span>
      <span className="identity-days">
        {expires_ms > now
          ? `code good for ${Math.ceil((expires_ms - now) / 60_000)} min`
          : "code expired"}
      </span>
      {/* A code that replaces a certificate would take that one with it. */}
      {!replaces && (
        <button
          className="button"
          data-size="small"
          aria-label={`Withdraw the code of ${device_id}`}
          aria-disabled={withdraw.isPending}
          onClick={() => {
            if (!withdraw.isPending) withdraw.mutate();
          }}
        >
          Withdraw
        </button>
      )}
      {withdraw.isError && <ErrorNote error={withdraw.error} />}
    </li>
  );
}

function CertificateRow(props: { certificate: Certificate }) {
  const { certificate } = props;
  const [asking, setAsking] = useState(false);
  const revoke = useRevocation(certificate.device_id, "revoked in the dashboard");
  const state = CERTIFICATE_STATES[certificate.state];
  const lasting = isInForce(certificate);
  const soon = certificate.renewal_overdue || (lasting && certificate.days_left < SOON_DAYS);
  return (
    <li className="identity-row" data-state={certificate.state}>
      <a
        className="identity-name"
        href={routeHref({ page: "device", deviceId: certificate.device_id, tab: "details" })}
      >
        {certificate.device_id}
      </a>
      <span className="pill" data-state={certificate.state} title={state.explanation}>
        {state.label}
      </span>
      <span className="identity-days" data-soon={soon}>
        {lasting
          ? `${certificate.days_left} ${certificate.days_left === 1 ? "day" : "days"} left`
          : `since ${momentShort(certificate.state === "expired" ? certificate.not_after_ms : certificate.changed_ms)}`}
        {certificate.renewal_overdue && ", not renewed"}
      </span>
      <span className="muted identity-dates">
        {momentShort(certificate.not_before_ms)} – {momentShort(certificate.not_after_ms)}
      </span>
      {lasting && (
        <button
          className="button"
          data-size="small"
          aria-label={`Revoke ${certificate.device_id}`}
          aria-disabled={revoke.isPending}
          onClick={() => {
            if (!revoke.isPending) setAsking(true);
          }}
        >
          Revoke
        </button>
      )}
      {revoke.isError && <ErrorNote error={revoke.error} />}
      <ConfirmDialog
        open={asking}
        title={`Cut off ${certificate.device_id}?`}
        action="Revoke"
        onConfirm={() => revoke.mutate()}
        onClose={() => setAsking(false)}
      >
        <p>
          Its certificates are withdrawn, and its connection ends within seconds. It comes back only
          with a new enrolment code, as a new device would.
        </p>
      </ConfirmDialog>
    </li>
  );
}

const KINDS: Record<string, string> = {
  token_issued: "Enrolment code made",
  enrolled: "Certificate issued",
  enrolment_refused: "Refused a certificate",
  renewed: "Certificate renewed",
  confirmed: "Certificate confirmed",
  revoked: "Revoked",
  expired: "Certificate expired",
  renewal_refused: "Refused a renewal",
  renewal_overdue: "Renewal overdue",
  broker_refused: "Refused by the broker",
  intake_refused: "Refused at enrolment",
  case_opened: "Case opened",
  case_cleared: "Opened case cleared",
};

/** Records whose detail a person wants to read. */
const TOLD = new Set([
  "revoked",
  "broker_refused",
  "case_opened",
  "case_cleared",
  "renewal_overdue",
]);

function AuditCard() {
  const audit = useQuery({
    queryKey: ["audit"],
    queryFn: ({ signal }) => getAudit(AUDIT_RECORDS, signal),
    refetchInterval: 15_000,
  });
  const records = audit.data ?? [];
  return (
    <section className="card" aria-labelledby="audit-title">
      <div className="card-head">
        <h2 id="audit-title">What happened</h2>
        <span className="muted small">the newest {AUDIT_RECORDS}</span>
      </div>
      {audit.isError && <ErrorNote error={audit.error} />}
      {audit.isSuccess && records.length === 0 && <p className="muted">Nothing so far.</p>}
      <ul className="identity-list">
        {records.map((record, at) => (
          <AuditRow key={`${record.time_ms}-${at}`} record={record} />
        ))}
      </ul>
    </section>
  );
}

/** Who did it, and from where. */
function originText(record: AuditRecord): string {
  const { kind, actor, address } = record;
  const who =
    kind === "broker_refused" || kind === "intake_refused"
      ? ""
      : kind === "renewal_overdue" || kind === "expired"
        ? "noticed by the server"
        : actor === ""
          ? "by the device"
          : `by ${actor}`;
  return [who, address === "" ? "" : `from ${address}`].filter((part) => part !== "").join(" ");
}

function AuditRow(props: { record: AuditRecord }) {
  const { record } = props;
  const refused = record.kind.endsWith("_refused");
  const bad = refused || record.kind === "case_opened" || record.kind === "renewal_overdue";
  const detail =
    record.kind === "broker_refused"
      ? brokerText(record.detail)
      : refused
        ? refusalText(record)
        : TOLD.has(record.kind)
          ? record.detail
          : "";
  return (
    <li className="identity-row audit-row">
      <span className="muted">{momentShort(record.time_ms)}</span>
      <span className={bad ? "bad" : undefined}>
        {bad && <Icon name="warning" />} {KINDS[record.kind] ?? record.kind}
      </span>
      <span className="identity-name">{record.device_id || "a stranger"}</span>
      <span className="muted identity-dates">
        {[originText(record), detail].filter((part) => part !== "").join(": ")}
      </span>
    </li>
  );
}
