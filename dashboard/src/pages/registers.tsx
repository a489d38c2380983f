// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { getEnergy, getPresets, presetRegister, serverNowMs } from "../api/client";
import type { Energy, Preset, Register } from "../api/types";
import {
  fixed,
  kilowattHours,
  millijouleOfText,
  moment,
  reactiveEnergy,
  type Quantity,
} from "../model/format";
import { flagsTouching } from "../model/quality";
import { Icon } from "../ui/icons";
import { DoubtMark, ErrorNote, Measure } from "../ui/parts";

interface Chosen {
  register: string;
  name: string;
  shownMj: number;
}

/** A counter's figures, always in the unit and with the decimals that meters show. */
function counter(millijoule: number): Quantity {
  return { value: fixed(kilowattHours(millijoule), 3), unit: "kWh" };
}

const QUADRANTS = ["I", "II", "III", "IV"];

/** The name of a register in words: "total_import" is "Total, import". */
function registerName(register: string): string {
  const parts = /^(total|channel_(\d+))_(import|export)$/.exec(register);
  if (parts === null) return register;
  return `${parts[2] === undefined ? "Total" : `Channel ${parts[2]}`}, ${parts[3]}`;
}

/** Lifetime registers, by channel and in all, with the means to match the utility's meter. */
export function Registers(props: { deviceId: string; doubts: readonly string[] }) {
  const { deviceId } = props;
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const registers = useQuery({
    queryKey: ["energy", deviceId, "registers"],
    queryFn: ({ signal }) => {
      const now = serverNowMs();
      return getEnergy(deviceId, now - 60_000, now, signal);
    },
    refetchInterval: 30_000,
  });
  const { data } = registers;
  return (
    <section className="card" aria-labelledby="registers-title">
      <div className="card-head">
        <h2 id="registers-title">Energy registers</h2>
        <span className="muted small">since the meter was put into service</span>
      </div>
      {registers.isError && <ErrorNote error={registers.error} />}
      <table className="energy-table">
        <thead>
          <tr>
            <th scope="col">Channel</th>
            <th scope="col" className="number">
              Import<span className="unit">kWh</span>
            </th>
            <th scope="col" className="number">
              Export<span className="unit">kWh</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {data && <RegisterRow name="total" values={data.total} onChoose={setChosen} />}
          {data?.registers.map((values) => (
            <RegisterRow
              key={values.channel}
              name={`channel_${values.channel}`}
              channel={values.channel}
              values={values}
              onChoose={setChosen}
            />
          ))}
        </tbody>
      </table>
      {data && <TotalFacts total={data.total} doubts={props.doubts} />}
      <PresetHistory deviceId={deviceId} />
      {chosen !== null && (
        <PresetDialog deviceId={deviceId} chosen={chosen} onClose={() => setChosen(null)} />
      )}
    </section>
  );
}

function RegisterRow(props: {
  name: string;
  channel?: number;
  values: Register;
  onChoose: (chosen: Chosen) => void;
}) {
  const { name, channel, values } = props;
  const cell = (direction: "import" | "export", shownMj: number) => {
    const register = `${name}_${direction}`;
    const label = registerName(register);
    return (
      <td
        className="number"
        data-direction={direction === "export" && shownMj > 0 ? "export" : "none"}
      >
        {counter(shownMj).value}
        <button
          className="icon-button"
          data-size="small"
          aria-label={`Match ${label} to another meter`}
          title="Match to another meter"
          onClick={() => props.onChoose({ register, name: label, shownMj })}
        >
          <Icon name="pencil" />
        </button>
      </td>
    );
  };
  return (
    <tr>
      <th scope="row" className="channel-name">
        {channel !== undefined && (
          <span className="swatch" data-channel={channel} aria-hidden="true" />
        )}
        {channel ?? "Total"}
      </th>
      {cell("import", values.shown_import_mj)}
      {cell("export", values.shown_export_mj)}
    </tr>
  );
}

/** Quadrants, and rates where more than the first is in use. */
function TotalFacts(props: { total: Energy["total"]; doubts: readonly string[] }) {
  const { rates, reactive_mvars: reactive } = props.total;
  const tariff = rates.some((rate, n) => n > 0 && (rate.import_mj > 0 || rate.export_mj > 0));
  return (
    <>
      <dl className="facts facts-wide register-facts">
        {reactive.map((value, n) => (
          <div key={n}>
            <dt>Reactive, quadrant {QUADRANTS[n]}</dt>
            <dd>
              <Measure quantity={reactiveEnergy(value)} />
            </dd>
          </div>
        ))}
      </dl>
      {tariff && (
        <dl className="facts facts-wide register-facts">
          {rates.map((rate, n) => (
            <div key={n}>
              <dt>Import at rate {n + 1}</dt>
              <dd>
                <Measure quantity={counter(rate.import_mj)} />
                <DoubtMark flags={flagsTouching(props.doubts, "rate")} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

function PresetHistory(props: { deviceId: string }) {
  const presets = useQuery({
    queryKey: ["presets", props.deviceId],
    queryFn: ({ signal }) => getPresets(props.deviceId, signal),
  });
  if (!presets.data || presets.data.length === 0) return null;
  return (
    <details className="preset-history">
      <summary>Matched to another meter {presets.data.length}×</summary>
      <ul>
        {presets.data.map((preset) => (
          <li key={`${preset.register} ${preset.time_ms}`}>{presetWords(preset)}</li>
        ))}
      </ul>
    </details>
  );
}

function presetWords(preset: Preset): string {
  const kwh = (mj: number): string => `${fixed(kilowattHours(mj), 3)}\u00a0kWh`;
  return `${moment(preset.time_ms)}: ${preset.username} set ${registerName(preset.register)} from ${kwh(preset.old_mj)} to ${kwh(preset.new_mj)}`;
}

/** Asks for the reading of the other meter. What the meter itself counted is never touched. */
function PresetDialog(props: { deviceId: string; chosen: Chosen; onClose: () => void }) {
  const { deviceId, chosen, onClose } = props;
  const client = useQueryClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [typed, setTyped] = useState(kilowattHours(chosen.shownMj).toFixed(3));
  const [problem, setProblem] = useState<string | null>(null);
  const preset = useMutation({
    mutationFn: (valueMj: number) => presetRegister(deviceId, chosen.register, valueMj),
    onSuccess() {
      void client.invalidateQueries({ queryKey: ["energy", deviceId] });
      void client.invalidateQueries({ queryKey: ["presets", deviceId] });
      onClose();
    },
  });

  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const valueMj = millijouleOfText(typed);
    if (valueMj === null) setProblem("Type the kilowatt-hours of the other meter, such as 1234.5.");
    else preset.mutate(valueMj);
  }

  const fault = problem ?? preset.error?.message ?? null;
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id={titleId}>{chosen.name}: match to another meter</h2>
        <p>
          From now on the register shows this value and counts on from it. What the meter itself
          counted stays as it is, and your name and the time are kept.
        </p>
        <label className="field preset-field">
          Reading of the other meter, kWh
          <input
            className="input"
            inputMode="decimal"
            autoFocus
            value={typed}
            aria-invalid={fault !== null}
            onFocus={(event) => event.target.select()}
            onChange={(event) => {
              setTyped(event.target.value);
              setProblem(null);
            }}
          />
        </label>
        {fault !== null && (
          <p className="note" data-kind="error" role="alert">
            {fault}
          </p>
        )}
        <div className="dialog-actions">
          <button className="button" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            className="button"
            data-kind="primary"
            type="submit"
            aria-disabled={preset.isPending}
          >
            Match
          </button>
        </div>
      </form>
    </dialog>
  );
}
