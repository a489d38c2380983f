// SPDX-License-Identifier: MIT
import { useQuery } from "@tanstack/react-query";
import { getIntervals, serverNowMs } from "../api/client";
import type { MeteringInterval } from "../api/types";
import { duration, momentShort, power } from "../model/format";
import { Measure } from "../ui/parts";

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
            </dd>
          </div>
          <div>
            <dt>Highest of 24 hours{peak !== null && `, until ${momentShort(peak.end_ms)}`}</dt>
            <dd>
              <Measure quantity={power(peak?.demand_w)} />
            </dd>
          </div>
          <div>
            <dt>
              Highest since reset
              {newest.maximum_demand_ms !== null &&
                `, until ${momentShort(newest.maximum_demand_ms)}`}
            </dt>
            <dd>
              <Measure quantity={power(newest.maximum_demand_w)} />
            </dd>
          </div>
        </dl>
      )}
    </section>
  );
}
