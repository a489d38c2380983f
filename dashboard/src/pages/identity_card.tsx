// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, attest, getIdentities, serverNowMs } from "../api/client";
import type { Attestation, Certificate, Device } from "../api/types";
import { LEVELS, reasonText, VERDICTS } from "../model/attestation";
import { CERTIFICATE_STATES, isInForce } from "../model/certificates";
import { duration, moment, momentShort } from "../model/format";
import { routeHref } from "../router";
import { Icon } from "../ui/icons";
import { Age, ErrorNote } from "../ui/parts";

interface Judged {
  atMs: number;
  attestation: Attestation;
}

/** Who the device is to this server, and what it says of itself when it is asked. */
export function IdentityCard(props: { device: Device }) {
  const { device_id, online } = props.device;
  const client = useQueryClient();
  const identities = useQuery({
    queryKey: ["identities", device_id],
    queryFn: ({ signal }) => getIdentities(signal, device_id),
    refetchInterval: 60_000,
    retry: false,
  });
  // Kept beside the server's answers, so that it is there when the page is left and opened again.
  const judged = useQuery<Judged>({
    queryKey: ["attestation", device_id],
    queryFn: () => Promise.reject(new Error("It was not asked.")),
    enabled: false,
    gcTime: Infinity,
  });
  const ask = useMutation({
    mutationFn: () => attest(device_id),
    onSuccess: (attestation) =>
      client.setQueryData<Judged>(["attestation", device_id], {
        atMs: serverNowMs(),
        attestation,
      }),
  });
  const certificates = identities.data?.certificates ?? [];
  const current = certificates.find(isInForce) ?? certificates[0];
  const certifiesNobody =
    identities.error instanceof ApiError && identities.error.code === "no_authority";
  return (
    <section className="card" aria-labelledby="identity-title">
      <div className="card-head">
        <h2 id="identity-title">Identity</h2>
        <a className="small" href={routeHref({ page: "identities" })}>
          All identities
        </a>
      </div>
      {certifiesNobody && <p className="muted">This server certifies no devices.</p>}
      {identities.isError && !certifiesNobody && (
        <ErrorNote error={identities.error} onRetry={() => void identities.refetch()} />
      )}
      {identities.isSuccess && current === undefined && (
        <p className="muted">The device has no certificate from this server.</p>
      )}
      {current !== undefined && <CertificateFacts certificate={current} />}
      {current !== undefined && (
        <div className="report">
          <div className="report-head">
            <h3>Report on itself</h3>
            {judged.data && (
              <span className="muted small">
                judged <Age ms={judged.data.atMs} never="" />
              </span>
            )}
          </div>
          <div role="status">
            {judged.data === undefined ? (
              <p className="muted">
                The device signs what it knows of itself: its software, how it starts, where its key
                lies, whether its case was opened.
              </p>
            ) : (
              <Report attestation={judged.data.attestation} />
            )}
          </div>
          {ask.isError && <ErrorNote error={ask.error} />}
          <button
            className="button"
            aria-disabled={ask.isPending || !online}
            title={online ? undefined : "The device is offline"}
            onClick={() => {
              if (!ask.isPending && online) ask.mutate();
            }}
          >
            {ask.isPending ? "Asking the device" : "Ask for a report"}
          </button>
          {!online && <span className="muted small"> The device is offline.</span>}
        </div>
      )}
    </section>
  );
}

function CertificateFacts(props: { certificate: Certificate }) {
  const { certificate } = props;
  const state = CERTIFICATE_STATES[certificate.state];
  const inForce = isInForce(certificate);
  const early = certificate.attestation;
  return (
    <>
      <dl className="facts facts-wide">
        <div>
          <dt>Certificate</dt>
          <dd>
            <span className="pill" data-state={certificate.state} title={state.explanation}>
              {state.label}
            </span>
          </dd>
        </div>
        <div>
          <dt>{inForce ? "Ends" : "Ended"}</dt>
          <dd>{moment(inForce ? certificate.not_after_ms : certificate.changed_ms)}</dd>
        </div>
        {inForce && (
          <div>
            <dt>Is renewed from</dt>
            <dd>{moment(certificate.renew_after_ms)}</dd>
          </div>
        )}
        <div className="fact-line">
          <dt>Report when it was issued</dt>
          <dd>
            {early === null
              ? "none"
              : `${VERDICTS[early.verdict].label}, ${LEVELS[early.level].label.toLowerCase()}, ${momentShort(early.time_ms)}`}
          </dd>
        </div>
      </dl>
      {certificate.renewal_overdue && (
        <p className="note" data-kind="error">
          <Icon name="warning" />
          <span>
            The certificate ends in {certificate.days_left}{" "}
            {certificate.days_left === 1 ? "day" : "days"} and the device has not renewed it, as it
            should have by itself. Is it online, and does it reach the listener for devices?
          </span>
        </p>
      )}
    </>
  );
}

function Report(props: { attestation: Attestation }) {
  const { verdict, reasons, report } = props.attestation;
  return (
    <>
      <p>
        <span className="pill" data-verdict={verdict}>
          {VERDICTS[verdict].label}
        </span>
      </p>
      <p className="small">{VERDICTS[verdict].explanation}</p>
      {reasons.length > 0 && (
        <ul className="report-reasons small">
          {reasons.map((reason) => (
            <li key={reason}>{reasonText(reason)}</li>
          ))}
        </ul>
      )}
      {report && (
        <dl className="facts facts-wide">
          <div>
            <dt>Level</dt>
            <dd title={LEVELS[report.level].explanation}>{LEVELS[report.level].label}</dd>
          </div>
          <div>
            <dt>Software</dt>
            <dd>
              {report.software} {report.version}
            </dd>
          </div>
          <div>
            <dt>Hardware</dt>
            <dd>{report.hardware}</dd>
          </div>
          <div>
            <dt>Key kept in</dt>
            <dd>{report.keystore.replaceAll("_", " ")}</dd>
          </div>
          <div>
            <dt>Verified boot</dt>
            <dd>{report.secure_boot ? "on" : "off"}</dd>
          </div>
          <div>
            <dt>Debugger</dt>
            <dd>{report.debugging ? "can be connected" : "locked out"}</dd>
          </div>
          <div>
            <dt>Case</dt>
            <dd>
              {report.tampered
                ? `opened (${report.tamper_count === 1 ? "once" : `${report.tamper_count} times`})`
                : "not opened"}
            </dd>
          </div>
          <div>
            <dt>Running for</dt>
            <dd>
              {duration(report.uptime_s * 1000)}, boot {report.boot_count}
            </dd>
          </div>
          <div>
            <dt>Image (SHA-256)</dt>
            <dd>
              <code title={report.image_sha256}>{report.image_sha256.slice(0, 16)}</code>
            </dd>
          </div>
        </dl>
      )}
    </>
  );
}
