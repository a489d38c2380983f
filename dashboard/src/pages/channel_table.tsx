// SPDX-License-Identifier: MIT
import { CHANNEL_COUNT, type Energy, type Reading, type ReadingChannel } from "../api/types";
import { fixed, kilowattHours, NO_VALUE } from "../model/format";
import { channelFlags, flagsTouching, type Touched } from "../model/quality";
import { Icon } from "../ui/icons";
import { directionOf, DoubtMark, QualityFlags } from "../ui/parts";

interface Column {
  head: string;
  unit: string;
  name: string;
  touched: Touched;
  value: (channel: ReadingChannel) => string;
}

const COLUMNS: readonly Column[] = [
  {
    head: "P",
    unit: "W",
    name: "Active power",
    touched: "power",
    value: (c) => fixed(c.active_power_w, 1),
  },
  {
    head: "U",
    unit: "V",
    name: "Voltage",
    touched: "voltage",
    value: (c) => fixed(c.voltage_v, 1),
  },
  {
    head: "I",
    unit: "A",
    name: "Current",
    touched: "current",
    value: (c) => fixed(c.current_a, 3),
  },
  {
    head: "Q",
    unit: "var",
    name: "Reactive power",
    touched: "power",
    value: (c) => fixed(c.reactive_power_var, 1),
  },
  {
    head: "S",
    unit: "VA",
    name: "Apparent power",
    touched: "power",
    value: (c) => fixed(c.apparent_power_va, 1),
  },
  {
    head: "PF",
    unit: "",
    name: "Power factor",
    touched: "power",
    value: (c) => fixed(c.power_factor, 2),
  },
];

/**
 * Live values of the channels. A table on a wide screen and a list of cards on a phone; the roles
 * are written out because styling a table's display away would take them from screen readers.
 */
export function ChannelTable(props: {
  reading: Reading | null;
  today: Energy | null;
  stale: boolean;
}) {
  const { reading, today, stale } = props;
  return (
    <section className="card channel-card" aria-labelledby="channels-title">
      <div className="card-head">
        <h2 id="channels-title">Channels</h2>
        <span className="muted small">positive: from the grid, negative: into it</span>
      </div>
      <table className={stale ? "channels stale" : "channels"} role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Channel
            </th>
            {COLUMNS.map(({ head, unit, name }) => (
              <th key={head} role="columnheader" scope="col" className="number" title={name}>
                <abbr title={name}>{head}</abbr>
                {unit !== "" && <span className="unit">{unit}</span>}
              </th>
            ))}
            <th role="columnheader" scope="col" className="number">
              Import today<span className="unit">kWh</span>
            </th>
            <th role="columnheader" scope="col" className="number">
              Export today<span className="unit">kWh</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {Array.from({ length: CHANNEL_COUNT }, (_, channel) => (
            <ChannelRow
              key={channel}
              channel={channel}
              reading={reading}
              values={reading?.channels.find((entry) => entry.channel === channel) ?? null}
              energy={today?.channels.find((entry) => entry.channel === channel) ?? null}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ChannelRow(props: {
  channel: number;
  reading: Reading | null;
  values: ReadingChannel | null;
  energy: { import_mj: number; export_mj: number } | null;
}) {
  const { channel, reading, values, energy } = props;
  const direction = directionOf(values?.active_power_w);
  const idle = values === null || !values.connected;
  const flags = reading === null || values === null ? [] : channelFlags(reading, values);
  const counted = flagsTouching(flags, "energy");
  const kwh = (mj: number | undefined): string =>
    mj === undefined ? NO_VALUE : fixed(kilowattHours(mj), 3);
  return (
    <tr role="row" data-direction={direction} data-idle={idle}>
      <th role="rowheader" scope="row" className="channel-name">
        <span className="swatch" data-channel={channel} aria-hidden="true" />
        <span>
          {channel}
          <span className="visually-hidden">{values === null ? ", not measured" : ""}</span>
        </span>
        {direction === "export" && (
          <span className="direction-tag">
            <Icon name="arrowUp" />
            export
          </span>
        )}
        {idle && <span className="idle-tag">{values === null ? "not measured" : "no load"}</span>}
        {values && <QualityFlags flags={values.quality} />}
      </th>
      {COLUMNS.map(({ head, unit, touched, value }) => (
        <td key={head} role="cell" className="number" data-head={head} data-unit={unit}>
          <DoubtMark flags={flagsTouching(flags, touched)} />
          {values === null ? NO_VALUE : value(values)}
        </td>
      ))}
      <td role="cell" className="number" data-head="Import today" data-unit="kWh">
        <DoubtMark flags={counted} />
        {kwh(energy?.import_mj)}
      </td>
      <td role="cell" className="number" data-head="Export today" data-unit="kWh">
        <DoubtMark flags={counted} />
        {kwh(energy?.export_mj)}
      </td>
    </tr>
  );
}
