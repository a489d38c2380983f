// SPDX-License-Identifier: MIT
// Harmonics as bars on a logarithmic scale: what matters lies between a hundredth of a percent and
// the fundamental, four decades that a linear scale would hide.

import { useState, type CSSProperties, type KeyboardEvent } from "react";
import { fixed, percent, text } from "../model/format";
import { barShare, CEILING, FLOOR } from "../model/harmonics";

const TICKS = [1, 0.1, 0.01, 0.001, 0.0001].filter((tick) => tick <= CEILING && tick >= FLOOR);

function words(order: number, share: number, fundamental: number, unit: string, hz: number | null) {
  const name = order === 1 ? "Fundamental" : `Order ${order}`;
  const at = hz === null ? "" : `, ${fixed(order * hz, 0)}\u00a0Hz`;
  return `${name}${at}: ${text(percent(share))}, ${fixed(share * fundamental, 3)}\u00a0${unit}`;
}

/** Arrow keys walk along the bars; a pointer or a finger picks one. */
export function HarmonicsBars(props: {
  harmonics: readonly number[];
  fundamental: number;
  unit: string;
  frequencyHz: number | null;
  label: string;
}) {
  const { harmonics, fundamental, unit, frequencyHz } = props;
  const [picked, setPicked] = useState(3);
  const last = harmonics.length;
  const order = Math.min(picked, last);
  const readout = words(order, harmonics[order - 1] ?? 0, fundamental, unit, frequencyHz);

  function onKeyDown(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowRight: order + 1,
      ArrowUp: order + 1,
      ArrowLeft: order - 1,
      ArrowDown: order - 1,
      Home: 1,
      End: last,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setPicked(Math.max(1, Math.min(last, next)));
  }

  return (
    <div className="harmonics">
      <p className="harmonics-readout" aria-hidden="true">
        {readout}
      </p>
      <div className="harmonics-plot">
        <div className="harmonics-scale" aria-hidden="true">
          {TICKS.map((tick) => (
            <span key={tick} style={{ "--at": barShare(tick) } as CSSProperties}>
              {tick * 100}&#8239;%
            </span>
          ))}
        </div>
        <div
          className="harmonics-bars"
          role="slider"
          tabIndex={0}
          aria-label={props.label}
          aria-valuemin={1}
          aria-valuemax={last}
          aria-valuenow={order}
          aria-valuetext={readout}
          onKeyDown={onKeyDown}
        >
          {harmonics.map((share, n) => (
            <span
              key={n}
              className="harmonics-slot"
              data-picked={n + 1 === order}
              onPointerEnter={() => setPicked(n + 1)}
              onPointerDown={() => setPicked(n + 1)}
            >
              <span
                className="harmonics-bar"
                data-parity={n % 2 === 0 ? "odd" : "even"}
                style={{ "--height": barShare(share) } as CSSProperties}
              />
            </span>
          ))}
        </div>
        <div className="harmonics-orders" aria-hidden="true">
          {harmonics.map((_, n) => (
            <span key={n}>{n === 0 || (n + 1) % 10 === 0 || n + 1 === 5 ? n + 1 : ""}</span>
          ))}
        </div>
      </div>
    </div>
  );
}
