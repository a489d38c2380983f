// SPDX-License-Identifier: MIT
// What the browser knows about the relays of one device.
//
// Two things are kept apart and never mixed: `confirmedMask` is what the device last said about
// its coils; a request is what a person asked for and the device has not confirmed. A request
// ends in confirmation, in failure with a reason, or not at all; it never becomes a state.

import { RELAY_COUNT } from "../api/types";

export interface RelayRequest {
  id: number;
  /** The relays that it is about, and the states they are to have. */
  relays: number;
  wanted: number;
}

export interface RelayFailure {
  relays: number;
  reason: string;
}

export interface RelayState {
  confirmedMask: number | null;
  /** Counts what the device said, so that an answer asked for earlier never overrides a newer one. */
  version: number;
  requests: RelayRequest[];
  failures: RelayFailure[];
}

export type RelayAction =
  | { type: "requested"; id: number; relays: number; wanted: number }
  | { type: "confirmed"; id: number; mask: number }
  | { type: "failed"; id: number; reason: string }
  | { type: "reported"; mask: number }
  | { type: "fetched"; mask: number | null; version: number }
  | { type: "dismissed"; relay: number };

export const INITIAL_RELAYS: RelayState = {
  confirmedMask: null,
  version: 0,
  requests: [],
  failures: [],
};

function withoutFailures(failures: RelayFailure[], relays: number): RelayFailure[] {
  return failures
    .map((failure) => ({ ...failure, relays: failure.relays & ~relays }))
    .filter((failure) => failure.relays !== 0);
}

function reported(state: RelayState, mask: number | null): RelayState {
  return { ...state, confirmedMask: mask, version: state.version + 1 };
}

export function nextRelayState(state: RelayState, action: RelayAction): RelayState {
  switch (action.type) {
    case "requested": {
      const { id, relays, wanted } = action;
      return {
        ...state,
        requests: [...state.requests, { id, relays, wanted: wanted & relays }],
        failures: withoutFailures(state.failures, relays),
      };
    }
    case "confirmed": {
      const request = state.requests.find(({ id }) => id === action.id);
      if (request === undefined) return state;
      // The answer travels beside the stream and may be overtaken by it, so it is taken as the
      // device's word about the relays of this request only.
      const others = (state.confirmedMask ?? action.mask) & ~request.relays;
      const requests = state.requests.filter(({ id }) => id !== action.id);
      return reported({ ...state, requests }, others | (action.mask & request.relays));
    }
    case "failed": {
      const request = state.requests.find(({ id }) => id === action.id);
      if (request === undefined) return state;
      const failure = { relays: request.relays, reason: action.reason };
      return {
        ...state,
        requests: state.requests.filter(({ id }) => id !== action.id),
        failures: [...withoutFailures(state.failures, request.relays), failure],
      };
    }
    case "reported":
      return reported(state, action.mask);
    case "fetched":
      return action.version === state.version ? reported(state, action.mask) : state;
    case "dismissed":
      return { ...state, failures: withoutFailures(state.failures, 1 << action.relay) };
  }
}

export interface RelayView {
  relay: number;
  /** What the device said; null: unknown. */
  confirmed: boolean | null;
  /** What was asked for and is not confirmed; null: nothing. */
  requested: boolean | null;
  /** Why the last request failed; null: it did not. */
  failure: string | null;
}

export function relayView(state: RelayState, relay: number): RelayView {
  const bit = 1 << relay;
  const request = state.requests.findLast(({ relays }) => (relays & bit) !== 0);
  const failure = state.failures.findLast(({ relays }) => (relays & bit) !== 0);
  return {
    relay,
    confirmed: state.confirmedMask === null ? null : (state.confirmedMask & bit) !== 0,
    requested: request === undefined ? null : (request.wanted & bit) !== 0,
    failure: failure?.reason ?? null,
  };
}

export function relayViews(state: RelayState): RelayView[] {
  return Array.from({ length: RELAY_COUNT }, (_, relay) => relayView(state, relay));
}

/** A refusal in words. `who` is "Relay 3" or "The relays". */
export function failureSentence(code: string | null, who: string): string {
  const plural = who.endsWith("s");
  switch (code) {
    case "relay_busy":
      return `${who} changed a moment ago and ${plural ? "are" : "is"} still in the dwell time, so nothing moved. Try again in a few seconds.`;
    case "device_offline":
      return "The device is offline, so nothing was switched.";
    case "no_confirmation":
      return "The device did not confirm in time. Shown is the last state that it confirmed.";
    case "command_failed":
      return "The device could not carry it out. Shown is the last state that it confirmed.";
    case "invalid_command":
      return "The server did not accept the command.";
    case "broker_unreachable":
      return "The server has no connection to its broker, so nothing was switched.";
    case "too_many_commands":
      return "Too many commands are under way for this device. Try again in a moment.";
    case "rate_limit_exceeded":
      return "Too many requests in a short time, so nothing was switched. Try again in a moment.";
    case "not_signed_in":
      return "The session has ended. Sign in again to switch.";
    case null:
      return "The server could not be reached, so it is not known whether anything moved.";
    default:
      return `It was refused (${code.replaceAll("_", " ")}).`;
  }
}
