// SPDX-License-Identifier: MIT
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getIntervals, resetDemand, serverNowMs } from "../api/client";
import type { MeteringInterval } from "../api/types";
import { duration, momentShort, power } from "../model/format";
import { intervalFlags } from "../model/quality";
import { ConfirmDialog } from "../ui/confirm_dialog";
import { Measure, QualityFlags } from "../ui/parts";

const DAY_MS = 86_400_000;

function highest(intervals: readonly MeteringInterval[]): MeteringInterval | null {
  let best: MeteringInterval | null = null;
  for (const interval of intervals) {
    if (interval.demand_w === null || interval.flags.includes("short")) continue;
    if (best === null || interval.demand_w > (best.demand_w ?? 0)) best = interval;
  }
  return best;
}

/** Demand as the meter's blocks tell it: the newest, the highest of the day, the highest ever. */
export function DemandCard(props: { deviceId: string }) {
  const demand = useQuery({
    queryKey: ["intervals", props.deviceId, "demand"],
    queryFn: ({ signal }) => {
      const endMs = serverNowMs();
      const query = { kind: "demand" as const, startMs: endMs - DAY_MS, endMs };
      return getIntervals(props.deviceId, query, signal);
    },
    refetchInterval: 60_000,
  });
  const list = demand.data ?? [];
  const newest = list.at(-1) ?? null;
  const peak = highest(list);
  const [asking, setAsking] = useState(false);
  const [askedAfter, setAskedAfter] = useState<number | null>(null);
  const reset = useMutation({ mutationFn: () => resetDemand(props.deviceId) });
  // The blocks tell of a reset only when the next one is over; until then the device's word counts.
  const told = reset.data !== undefined && newest?.end_ms === askedAfter ? reset.data.detail : null;
  const maximum = told ?? newest;
  return (
    <section className="card" aria-labelledby="demand-title">
      <div className="card-head">
        <h2 id="demand-title">Demand</h2>
        {newest !== null && (
          <span className="muted small">
            mean import of {duration(newest.end_ms - newest.start_ms)}
          </span>
        )}
      </div>
      {newest === null ? (
        <p className="muted">The first block of demand is not over yet.</p>
      ) : (
        <dl className="facts facts-wide">
          <div>
            <dt>Newest, until {momentShort(newest.end_ms)}</dt>
            <dd>
              <Measure quantity={power(newest.demand_w)} />
              <QualityFlags flags={intervalFlags(newest)} />
            </dd>
          </div>
          <div>
            <dt>Highest of 24 hours{peak !== null && `, until ${momentShort(peak.end_ms)}`}</dt>
            <dd>
              <Measure quantity={power(peak?.demand_w)} />
              {peak !== null && <QualityFlags flags={intervalFlags(peak)} />}
            </dd>
          </div>
          <div>
            <dt>
              Highest since reset
              {maximum?.maximum_demand_ms != null &&
                `, until ${momentShort(maximum.maximum_demand_ms)}`}
            </dt>
            <dd>
              <Measure quantity={power(maximum?.maximum_demand_w)} />
            </dd>
          </div>
        </dl>
      )}
      {told !== null && (
        <p className="muted small" role="status">
          Reset by {told.reset_by}.
        </p>
      )}
      {reset.isError && (
        <p className="note" data-kind="error" role="alert">
          {reset.error.message}
        </p>
      )}
      {newest !== null && (
        <button
          className="button"
          aria-disabled={reset.isPending}
          onClick={() => {
            if (!reset.isPending) setAsking(true);
          }}
        >
          Reset the maximum
        </button>
      )}
      <ConfirmDialog
        open={asking}
        title="Begin a new maximum?"
        action="Reset"
        onConfirm={() => {
          setAskedAfter(newest?.end_ms ?? null);
          reset.mutate();
        }}
        onClose={() => setAsking(false)}
      >
        <p>
          The meter keeps the highest demand so far as the one before, with your name, and begins a
          new one. This cannot be undone.
        </p>
      </ConfirmDialog>
    </section>
  );
}
