// SPDX-License-Identifier: MIT
// Joins the relay state machine to the server: commands go out, answers and reports come in.

import { useCallback, useMemo, useReducer, useRef, useState } from "react";
import { ApiError, sendCommand } from "../api/client";
import { RELAY_COUNT, type RelayCommand } from "../api/types";
import { useLiveEvents } from "../live";
import {
  failureSentence,
  INITIAL_RELAYS,
  nextRelayState,
  type RelayAction,
  type RelayState,
} from "../model/relay_state";

export interface Relays {
  state: RelayState;
  /** The last result, for screen readers. */
  announcement: string;
  set(relay: number, on: boolean): void;
  setAll(on: boolean): void;
  dismiss(relay: number): void;
  /** How many reports there were; goes back into onFetched() with what was asked for at that time. */
  version(): number;
  onFetched(mask: number | null, version: number): void;
}

const ALL = (1 << RELAY_COUNT) - 1;

export function useRelays(deviceId: string): Relays {
  const [state, dispatch] = useReducer(nextRelayState, INITIAL_RELAYS);
  const [announcement, announce] = useState("");
  const nextId = useRef(1);
  const current = useRef(state);
  current.current = state;

  useLiveEvents((event) => {
    if (event.event === "relay" && event.data.device_id === deviceId) {
      dispatch({ type: "reported", mask: event.data.relay_mask });
    }
  });

  const send = useCallback(
    async (relays: number, wanted: number, command: RelayCommand, who: string) => {
      const id = nextId.current++;
      const finish = (action: RelayAction, words: string): void => {
        dispatch(action);
        announce(words);
      };
      dispatch({ type: "requested", id, relays, wanted });
      const target = wanted === 0 ? "off" : "on";
      announce(`${who}: ${target} requested.`);
      try {
        const { relay_mask: mask } = await sendCommand(deviceId, command);
        const obeyed = (mask & relays) === (wanted & relays);
        if (obeyed) finish({ type: "confirmed", id, mask }, `${who}: ${target}, confirmed.`);
        else {
          const reason = "The device answered, but reports another state.";
          finish({ type: "failed", id, reason }, `${who}: ${reason}`);
          dispatch({ type: "reported", mask });
        }
      } catch (error) {
        const code = error instanceof ApiError ? error.code : null;
        const reason = failureSentence(code, who);
        finish(
          { type: "failed", id, reason },
          reason.startsWith(who) ? reason : `${who}: ${reason}`,
        );
      }
    },
    [deviceId],
  );

  return useMemo(
    () => ({
      state,
      announcement,
      set(relay, on) {
        const bit = 1 << relay;
        const command: RelayCommand = { command: "set_relay", relay, state: on };
        void send(bit, on ? bit : 0, command, `Relay ${relay}`);
      },
      setAll(on) {
        const mask = on ? ALL : 0;
        void send(ALL, mask, { command: "set_relays", mask }, "The relays");
      },
      dismiss: (relay) => dispatch({ type: "dismissed", relay }),
      version: () => current.current.version,
      onFetched: (mask, version) => dispatch({ type: "fetched", mask, version }),
    }),
    [state, announcement, send],
  );
}
