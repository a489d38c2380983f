// SPDX-License-Identifier: MIT
// Small pieces that every page uses.

import { useEffect, useState, type ReactNode } from "react";
import { serverNowMs } from "../api/client";
import { age, moment, power, text, type Quantity } from "../model/format";
import { qualityFlag } from "../model/quality";
import { Icon, type IconName } from "./icons";

/** Server time, renewed every second while the page is visible. */
export function useNow(): number {
  const [now, setNow] = useState(serverNowMs);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(serverNowMs());
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Ohmstead" : `${title} · Ohmstead`;
  }, [title]);
}

export function Spinner(props: { label: string }) {
  return (
    <span className="spinner" role="status">
      <span className="visually-hidden">{props.label}</span>
    </span>
  );
}

export function Measure(props: { quantity: Quantity; className?: string }) {
  return (
    <span className={`measure ${props.className ?? ""}`}>
      {props.quantity.value}
      <span className="unit">{props.quantity.unit}</span>
    </span>
  );
}

export type Direction = "import" | "export" | "none";

/** Below a watt a flow has no direction worth telling. */
export function directionOf(watts: number | null | undefined): Direction {
  if (watts === null || watts === undefined || Math.abs(watts) < 1) return "none";
  return watts < 0 ? "export" : "import";
}

/** A power with its direction, told by sign, arrow, word and colour, never by colour alone. */
export function SignedPower(props: { watts: number | null | undefined; className?: string }) {
  const direction = directionOf(props.watts);
  return (
    <span className={`signed-power ${props.className ?? ""}`} data-direction={direction}>
      <Measure quantity={power(props.watts)} />
      {direction === "export" && (
        <span className="direction-tag">
          <Icon name="arrowUp" />
          export
        </span>
      )}
    </span>
  );
}

export function Age(props: { ms: number | null; never: string }) {
  const now = useNow();
  if (props.ms === null) return <span className="muted">{props.never}</span>;
  return (
    <time dateTime={new Date(props.ms).toISOString()} title={moment(props.ms)}>
      {age(now - props.ms)}
    </time>
  );
}

export function OnlinePill(props: { online: boolean }) {
  return (
    <span className="pill" data-state={props.online ? "online" : "offline"}>
      {props.online ? "Online" : "Offline"}
    </span>
  );
}

export function QualityFlags(props: { flags: string[] }) {
  if (props.flags.length === 0) return null;
  return (
    <span className="quality-flags">
      {props.flags.map(qualityFlag).map((flag) => (
        <span key={flag.name} className="quality-flag" title={flag.explanation}>
          <Icon name="warning" />
          {flag.label}
          <span className="visually-hidden">: {flag.explanation}</span>
        </span>
      ))}
    </span>
  );
}

/** The same in the room of a number: a sign, and the words for who asks. */
export function DoubtMark(props: { flags: string[] }) {
  if (props.flags.length === 0) return null;
  const flags = props.flags.map(qualityFlag);
  return (
    <span
      className="doubt-mark"
      title={flags.map(({ label, explanation }) => `${label}: ${explanation}`).join("\n")}
    >
      <Icon name="warning" />
      <span className="visually-hidden">
        {" "}
        (in doubt: {flags.map(({ label }) => label).join(", ")})
      </span>
    </span>
  );
}

export function EmptyState(props: { title: string; icon: IconName; children: ReactNode }) {
  return (
    <section className="empty-state">
      <Icon name={props.icon} />
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

export function ErrorNote(props: { error: Error; onRetry?: () => void }) {
  return (
    <div className="note" data-kind="error" role="alert">
      <Icon name="warning" />
      <span>{props.error.message}</span>
      {props.onRetry && (
        <button className="button" data-size="small" onClick={props.onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export { text };
