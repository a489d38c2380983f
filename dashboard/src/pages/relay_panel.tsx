// SPDX-License-Identifier: MIT
import * as Switch from "@radix-ui/react-switch";
import { useState } from "react";
import { relayViews, type RelayView } from "../model/relay_state";
import { ConfirmDialog } from "../ui/confirm_dialog";
import { Icon } from "../ui/icons";
import type { Relays } from "./use_relays";

function stateWord(on: boolean | null): string {
  if (on === null) return "unknown";
  return on ? "on" : "off";
}

type Phase = "confirmed" | "requested" | "failed" | "unknown";

function phaseOf(view: RelayView): Phase {
  if (view.requested !== null) return "requested";
  if (view.failure !== null) return "failed";
  return view.confirmed === null ? "unknown" : "confirmed";
}

export function RelayPanel(props: { relays: Relays; online: boolean; name: string }) {
  const { relays, online } = props;
  const [asking, setAsking] = useState<"on" | "off" | null>(null);
  const views = relayViews(relays.state);
  const onCount = views.filter(({ confirmed }) => confirmed === true).length;
  const known = relays.state.confirmedMask !== null;

  return (
    <section className="card relay-panel" aria-labelledby="relays-title">
      <div className="card-head">
        <h2 id="relays-title">Relays</h2>
        <span className="muted">{known ? `${onCount} on` : "state unknown"}</span>
      </div>
      {!online && (
        <p className="note" data-kind="info">
          <Icon name="cloud" />
          <span>The device is offline. Shown is the last state that it confirmed.</span>
        </p>
      )}
      <ul className="relays">
        {views.map((view) => (
          <RelayRow key={view.relay} view={view} relays={relays} />
        ))}
      </ul>
      <div className="relay-all">
        <button className="button" onClick={() => setAsking("off")}>
          All off
        </button>
        <button className="button" onClick={() => setAsking("on")}>
          All on
        </button>
      </div>
      <p className="visually-hidden" role="status" aria-live="polite">
        {relays.announcement}
      </p>
      <ConfirmDialog
        open={asking !== null}
        title={`Switch all relays ${asking ?? "off"}?`}
        action={`Switch all ${asking ?? "off"}`}
        onConfirm={() => relays.setAll(asking === "on")}
        onClose={() => setAsking(null)}
      >
        <p>
          All eight relays of {props.name} are switched {asking ?? "off"} together. If one of them
          may not move yet, none does.
        </p>
      </ConfirmDialog>
    </section>
  );
}

/**
 * The thumb stands where the relay was asked to be; its filling and the words beside it tell what
 * the device confirmed. Only a confirmed state has the full colour.
 */
function RelayRow(props: { view: RelayView; relays: Relays }) {
  const { view, relays } = props;
  const phase = phaseOf(view);
  const shown = view.requested ?? view.confirmed ?? false;
  const labelId = `relay-${view.relay}-label`;
  const stateId = `relay-${view.relay}-state`;
  return (
    <li className="relay" data-phase={phase} data-confirmed={stateWord(view.confirmed)}>
      <div className="relay-row">
        <span className="relay-text">
          <span className="relay-label" id={labelId}>
            Relay {view.relay}
          </span>
          <span className="relay-state" id={stateId}>
            {phase === "requested" ? (
              <>
                <span className="mini-spinner" aria-hidden="true" />
                {stateWord(view.requested)} requested, is {stateWord(view.confirmed)}
              </>
            ) : (
              <>{view.confirmed === null ? "Unknown" : view.confirmed ? "On" : "Off"}</>
            )}
          </span>
        </span>
        <Switch.Root
          className="switch"
          checked={shown}
          aria-labelledby={labelId}
          aria-describedby={stateId}
          aria-busy={phase === "requested"}
          onCheckedChange={(on) => {
            if (phase !== "requested") relays.set(view.relay, on);
          }}
        >
          <Switch.Thumb className="switch-thumb" />
        </Switch.Root>
      </div>
      {phase === "failed" && (
        <p className="relay-failure">
          <Icon name="warning" />
          <span>{view.failure}</span>
          <button
            className="icon-button"
            data-size="small"
            aria-label={`Dismiss the message about relay ${view.relay}`}
            onClick={() => relays.dismiss(view.relay)}
          >
            <Icon name="close" />
          </button>
        </p>
      )}
    </li>
  );
}
