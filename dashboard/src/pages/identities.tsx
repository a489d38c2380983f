// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { getAudit, getIdentities, revokeDevice } from "../api/client";
import type { AuditRecord, Certificate, CertificateState, PendingDevice } from "../api/types";
import { momentShort } from "../model/format";
import { refusalText } from "../model/enrolment";
import { routeHref } from "../router";
import { ConfirmDialog } from "../ui/confirm_dialog";
import { Icon } from "../ui/icons";
import { Age, EmptyState, ErrorNote, Spinner, useNow, useTitle } from "../ui/parts";

const AUDIT_RECORDS = 50;
const SOON_DAYS = 14;

const STATES: Record<CertificateState, { label: string; explanation: string }> = {
  pending: { label: "Pending", explanation: "Issued, and not used by the device so far" },
  active: { label: "Active", explanation: "In force" },
  superseded: { label: "Superseded", explanation: "A newer one has taken its place" },
  revoked: { label: "Revoked", explanation: "Withdrawn: the device is cut off" },
  expired: { label: "Expired", explanation: "Its time is over" },
};

/** Certificates that still matter first, and of those what ends soonest. */
function byUrgency(a: Certificate, b: Certificate): number {
  const lasting = (one: Certificate) => (one.state === "active" || one.state === "pending" ? 0 : 1);
  return lasting(a) - lasting(b) || a.not_after_ms - b.not_after_ms;
}

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
  const all = certificates.toSorted(byUrgency);
  const lasting = all.filter(({ state }) => state === "active" || state === "pending");
  const shown = showOld ? all : lasting;
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
      {pending.length > 0 && <PendingList pending={pending} />}
      <section className="card" aria-labelledby="certificates-title">
        <div className="card-head">
          <h2 id="certificates-title">Certificates</h2>
          {all.length > lasting.length && (
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

function PendingList(props: { pending: PendingDevice[] }) {
  const now = useNow();
  return (
    <section className="card" aria-labelledby="pending-title">
      <div className="card-head">
        <h2 id="pending-title">Awaited devices</h2>
      </div>
      <ul className="identity-list">
        {props.pending.map((one) => (
          <li key={one.device_id} className="identity-row">
            <span className="identity-name">{one.device_id}</span>
            <span className="muted">
              asked for by {one.creator} <Age ms={one.created_ms} never="" />
            </span>
            <span className="identity-days">
              {one.expires_ms > now
                ? `${Math.ceil((one.expires_ms - now) / 60_000)} min left`
                : "code expired"}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function CertificateRow(props: { certificate: Certificate }) {
  const { certificate } = props;
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeDevice(certificate.device_id, "revoked in the dashboard"),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["identities"] }),
        client.invalidateQueries({ queryKey: ["audit"] }),
      ]),
  });
  const state = STATES[certificate.state];
  const lasting = certificate.state === "active" || certificate.state === "pending";
  const soon = lasting && certificate.days_left < SOON_DAYS;
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
          : `since ${momentShort(certificate.changed_ms)}`}
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
};

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

function AuditRow(props: { record: AuditRecord }) {
  const { record } = props;
  const refused = record.kind.endsWith("_refused");
  return (
    <li className="identity-row audit-row">
      <span className="muted">{momentShort(record.time_ms)}</span>
      <span className={refused ? "bad" : undefined}>
        {refused && <Icon name="warning" />} {KINDS[record.kind] ?? record.kind}
      </span>
      <span className="identity-name">{record.device_id}</span>
      <span className="muted identity-dates">
        {record.actor === "" ? "by the device" : `by ${record.actor}`}
        {record.address !== "" && ` from ${record.address}`}
        {refused && `: ${refusalText(record)}`}
      </span>
    </li>
  );
}
