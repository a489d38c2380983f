// SPDX-License-Identifier: MIT

// Power quality from the front of a real device to the end of REST: what is wrong with the synthesizer's mains comes
// out as events with their waveforms, as spectra, as flags and as intervals, each exactly once, though device and
// fleet server are killed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { sleep, until } from './processes.mjs';
import { dataFolder, waveforms } from './waveforms.mjs';

const SPEED = 10;
const PERIOD_S = 60;
const HOUR_MS = 3600000;
const HALF_CYCLE_MS = 10;
const FLAGGED = 1 << 8; // READING_QUALITY_FLAGGED

// What the synthesizer is told (firmware/ports/posix/synthesizer/disturbances.h): from when, for how long, how deep.
const script = {
  dip: { first_s: 30, length_s: 0.16, share: 0.6 },
  swell: { first_s: 50, length_s: 0.12, share: 1.15 },
  interruption: { first_s: 70, length_s: 1.5, share: 0 },
};
const GRID_S = 128 / 10000; // It changes its mind once a block of 128 frames at 10 kHz.

// Length of the `n`-th disturbance of a kind in milliseconds, in whole blocks.
function toldMs({ first_s, length_s }, n) {
  const begin = first_s + n * PERIOD_S;
  return (Math.ceil((begin + length_s) / GRID_S - 1e-9) - Math.ceil(begin / GRID_S - 1e-9)) * GRID_S * 1000;
}

let installation;
let api;
let device;
let clocked;
let begin;
let closeStream;
const streamed = { power_event: [], spectrum: [] };

before(async () => {
  begin = Date.now();
  installation = await (await Installation.create('quality')).start();
  api = await installation.administrator();
  closeStream = api.stream('/v1/stream', (kind, data) => {
    if (data.device_id === 'meter-1') streamed[kind]?.push(data);
  });
  device = await installation.device('meter-1', {
    adc_source: 'synthesizer', speed: SPEED, spectrum_ms: 3000, snapshots_per_hour: 60,
    disturbances: `dip:${PERIOD_S} swell:${PERIOD_S} interruption:${PERIOD_S} harmonics:${PERIOD_S}`,
  });
  device.start();
  // Its day passes quickly enough for whole intervals.
  clocked = await installation.device('meter-2', {
    adc_source: 'synthesizer', rate_hz: 2000, speed: 100, disturbances: 'dip:3600', demand_min: 15,
  });
  clocked.start();
});

after(async () => {
  closeStream?.();
  api?.close();
  await installation?.close();
});

// The device's time runs ahead of ours, so both ends are told.
const range = () => `start_ms=${begin - 60000}&end_ms=${begin + 5 * HOUR_MS}`;
const sequence = ({ event_id }) => Number(event_id.slice(event_id.lastIndexOf('-') + 1));

// Oldest first, by the order of the journal.
async function events(id = 'meter-1') {
  const { events: list } = await api.get(`/v1/devices/${id}/events?${range()}&limit=1000`);
  return list.sort((a, b) => sequence(a) - sequence(b));
}

const rms = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

// Root mean square of whole cycles of 20 ms between two instants relative to the event.
function rmsBetween({ start_ms, interval_us, values }, fromMs, toMs) {
  const index = (ms) => Math.ceil(((ms - start_ms) * 1000) / interval_us);
  const cycles = Math.floor((toMs - fromMs) / 20);
  const count = Math.round((cycles * 20000) / interval_us);
  const part = values.slice(index(fromMs), index(fromMs) + count);
  assert.ok(cycles > 0 && part.length === count, `${cycles} cycles between ${fromMs} and ${toMs} ms`);
  return rms(part);
}

// An interruption is a dip too, and both are told: what was made to be one of `kind`.
const madeAs = (kind) => (event) => event.kind === kind && (kind !== 'dip' || event.duration_ms < 1000);

test('tells what the synthesizer did: kind, length and depth', { timeout: 120000 }, async () => {
  // On a busy machine half cycles grow together, and what they tell is coarser and says so.
  const isFine = (kind) => (event) => madeAs(kind)(event) && !event.quality.includes('merged');
  const list = await until('two of each are stored', async () => {
    const stored = await events();
    return Object.keys(script).every((kind) => stored.filter(isFine(kind)).length >= 2) && stored;
  }, { timeoutMs: 90000 });
  for (const [kind, told] of Object.entries(script)) {
    const first = list.find(madeAs(kind));
    const those = list.filter(isFine(kind));
    those.slice(0, 2).forEach((event) => {
      const n = Math.round((event.start_ms - first.start_ms) / (PERIOD_S * 1000));
      const error = event.duration_ms - toldMs(told, n);
      const depth = event.extreme_v / event.declared_v;
      console.log(`figure: ${kind} ${n}: ${event.duration_ms.toFixed(1)} ms (${error.toFixed(1)} ms), ` +
        `${(depth * 100).toFixed(2)} % of ${event.declared_v} V ${event.quality}`);
      assert.ok(Math.abs(error) <= HALF_CYCLE_MS, `${kind} of ${event.duration_ms} ms instead of ${toldMs(told, n)} ms`);
      assert.ok(Math.abs(depth - told.share) < 0.02, `${kind} to ${depth}`);
      assert.ok(event.declared_v > 200 && event.declared_v < 260, `declared ${event.declared_v} V`);
    });
    const apart = (those[1].start_ms - those[0].start_ms) % (PERIOD_S * 1000);
    assert.ok(Math.min(apart, PERIOD_S * 1000 - apart) < 2000, `${apart} ms out of step`);
  }
  const [interruption] = list.filter(({ kind }) => kind === 'interruption');
  assert.ok(list.some(({ kind, start_ms }) => kind === 'dip' && Math.abs(start_ms - interruption.start_ms) < 20));
});

test('keeps a waveform of each that can be drawn and agrees with the event', { timeout: 30000 }, async () => {
  const list = (await events()).filter(({ has_waveform, kind }) => has_waveform && kind !== 'interruption');
  assert.ok(list.length >= 4, `${list.length} waveforms`);
  const kinds = new Set();
  for (const event of list.slice(0, 4)) {
    const { event: told, signals } = await api.get(`/v1/devices/meter-1/events/${event.event_id}/waveform`);
    assert.equal(told.event_id, event.event_id);
    const voltage = signals.find(({ signal }) => signal === 'voltage');
    assert.ok(signals.filter(({ signal }) => signal === 'current').length >= 1, 'a current');
    for (const { values, start_ms, interval_us, unit, signal } of signals) {
      assert.equal(unit, signal === 'voltage' ? 'V' : 'A');
      assert.ok(values.length > 400 && values.every(Number.isFinite), `${values.length} values`);
      assert.equal(start_ms, voltage.start_ms, 'all signals begin together');
      assert.equal(interval_us, voltage.interval_us);
      assert.ok(start_ms < -20 && start_ms + (values.length * interval_us) / 1000 > 80, 'before and within the event');
    }
    const before = rmsBetween(voltage, voltage.start_ms, -5);
    const within = rmsBetween(voltage, 5, Math.min(event.duration_ms, 105));
    kinds.add(event.kind);
    console.log(`figure: ${event.kind} of ${event.extreme_v} V: before ${before.toFixed(1)} V, within ${within.toFixed(1)} V`);
    assert.ok(Math.abs(before / event.declared_v - 1) < 0.02, `${before} V before, declared ${event.declared_v} V`);
    assert.ok(Math.abs(within - event.extreme_v) < 0.01 * event.declared_v, `${within} V within, extreme ${event.extreme_v} V`);
  }
  assert.deepEqual([...kinds].sort(), ['dip', 'swell']);
});

// Distortion of the synthesizer's voltage (synthesizer.c): 2 % third, 2.5 % fifth and 1 % seventh, and 8 % of fifth
// on top at times, at its own angle.
const plainFifth = [0.025 * Math.cos(3), 0.025 * Math.sin(3)];
const distortion = (fifth) => Math.hypot(0.02, 0.01, plainFifth[0] + fifth * Math.hypot(1, 0.02, 0.025, 0.01), plainFifth[1]);

test('stores spectra of voltage and currents with the harmonics of the synthesizer', { timeout: 60000 }, async () => {
  const { spectra } = await api.get('/v1/devices/meter-1/spectra/latest');
  assert.ok(spectra.some(({ signal }) => signal === 'voltage'));
  assert.equal(spectra.filter(({ signal }) => signal === 'current').length, 8);
  const ofVoltage = async () =>
    (await api.get(`/v1/devices/meter-1/spectra?channel=0&signal=voltage&${range()}&limit=1000`)).spectra;
  const sound = (spectrum) => spectrum.quality.length === 0;
  const near = (wanted) => (spectrum) => sound(spectrum) && Math.abs(spectrum.thd - wanted) < 0.001;
  const all = await until('plain and distorted spectra are stored', async () => {
    const list = await ofVoltage();
    return list.some(near(distortion(0))) && list.some(near(distortion(0.08))) && list;
  }, { timeoutMs: 40000 });
  const plain = all.find(near(distortion(0)));
  const distorted = all.find(near(distortion(0.08)));
  console.log(`figure: voltage THD ${plain.thd} (${distortion(0).toFixed(4)}) and ${distorted.thd} (${distortion(0.08).toFixed(4)}), fifth ${distorted.harmonics[4]}`);
  assert.equal(plain.harmonics.length, 50);
  assert.equal(plain.harmonics[0], 1);
  for (const [order, share] of [[2, 0], [3, 0.02], [4, 0], [5, 0.025], [6, 0], [7, 0.01], [9, 0], [11, 0]]) {
    assert.ok(Math.abs(plain.harmonics[order - 1] - share) < 0.0005, `order ${order}: ${plain.harmonics[order - 1]}`);
  }
  const fifth = Math.sqrt(distortion(0.08) ** 2 - 0.02 ** 2 - 0.01 ** 2);
  assert.ok(Math.abs(distorted.harmonics[4] - fifth) < 0.001, `fifth ${distorted.harmonics[4]} instead of ${fifth}`);
  assert.ok(Math.abs(plain.span_ms - 3000) < 300, `${plain.span_ms} ms`);
});

test('flags the readings that an event touched, and no others', { timeout: 30000 }, async () => {
  const [first, second] = await events();
  const from = Math.floor(first.start_ms / 1000) * 1000 - 10000;
  const series = await api.get(`/v1/devices/meter-1/telemetry?start_ms=${from}&end_ms=${from + 40000}&points=1000&channel=0`);
  assert.equal(series.bucket_ms, 1000);
  const flagged = series.time_ms.filter((time, n) => (series.quality[n] ?? 0) & FLAGGED);
  // A reading ends with a window, so it begins up to a second before the bucket that it is in.
  const touches = (time) => [first, second].some((event) =>
    time < event.start_ms + event.duration_ms + 2000 && time + 2000 > event.start_ms);
  assert.ok(flagged.length >= 2, `${flagged.length} flagged readings`);
  assert.ok(flagged.every(touches), `flagged ${flagged}, events at ${first.start_ms} and ${second.start_ms}`);
  for (const event of [first, second]) {
    assert.ok(flagged.some((time) => Math.abs(time - event.start_ms) < 2500), `none is flagged at ${event.start_ms}`);
  }
});

test('sends events and spectra over the stream', { timeout: 30000 }, async () => {
  const stored = new Set((await events()).map(({ event_id }) => event_id));
  assert.ok(streamed.spectrum.length >= 20, `${streamed.spectrum.length} spectra`);
  assert.ok(streamed.spectrum.every(({ device_id, harmonics }) => device_id === 'meter-1' && harmonics.length === 50));
  const ids = streamed.power_event.map(({ event_id }) => event_id);
  assert.ok(ids.length >= 6, `${ids.length} events`);
  assert.equal(new Set(ids).size, ids.length, 'each once');
  assert.ok(ids.every((id) => stored.has(id)), 'all of them are stored');
});

test('keeps whole intervals of quality and demand, aligned to the clock', { timeout: 90000 }, async () => {
  for (const [kind, minutes] of [['quality_10min', 10], ['demand', 15]]) {
    const isWhole = ({ flags }) => !flags.includes('short');
    const whole = await until(`whole intervals (${kind}) are stored`, async () => {
      const { intervals } = await api.get(`/v1/devices/meter-2/intervals?kind=${kind}&${range()}`);
      const list = intervals.filter(isWhole);
      return list.length >= 2 && list;
    }, { timeoutMs: 60000 });
    for (const interval of whole) {
      const length = interval.end_ms - interval.start_ms;
      assert.ok(Math.abs(length - minutes * 60000) < 1000, `${length} ms`);
      const past = interval.end_ms % (minutes * 60000);
      assert.ok(Math.min(past, minutes * 60000 - past) < 1000, `ends at ${new Date(interval.end_ms).toISOString()}`);
      const { voltage_v, voltage_low_v, voltage_high_v } = interval.channels[0];
      assert.ok(voltage_v > 200 && voltage_v < 260 && voltage_low_v <= voltage_v && voltage_high_v >= voltage_v);
    }
    console.log(`figure: ${whole.length} whole intervals (${kind})`);
    if (kind === 'demand') assert.ok(whole.every(({ demand_w }) => demand_w !== null), 'demand is told');
  }
  const [dip] = await events('meter-2');
  const { intervals } = await api.get(`/v1/devices/meter-2/intervals?kind=quality_10min&${range()}`);
  const flagged = intervals.filter(({ flags }) => flags.includes('flagged'));
  assert.equal(flagged.length, intervals.filter(({ start_ms, end_ms }) => dip.start_ms < end_ms && dip.start_ms >= start_ms).length);
});

test('stores each event exactly once while device and server are killed', { timeout: 180000 }, async () => {
  const before = await events();
  for (let kill = 0; kill < 3; kill++) {
    await sleep(700 + 400 * kill);
    await installation.ohmd.end('SIGKILL');
    await installation.startOhmd();
  }
  for (let kill = 0; kill < 2; kill++) {
    const count = (await events()).length;
    // After a dip: the dip that every start begins with cannot be taken for what would have followed.
    await until('more events are stored, the last of them a dip', async () => {
      const list = await events();
      return list.length >= count + 2 && madeAs('dip')(list.at(-1));
    }, { timeoutMs: 40000 });
    await device.end('SIGKILL');
    device.start();
  }
  const atLeast = (await events()).length + 3;
  await until('events of the third run are stored', async () => (await events()).length >= atLeast, { timeoutMs: 20000 });
  await device.end('SIGTERM');
  await sleep(500);

  const list = await events();
  assert.deepEqual(list.slice(0, before.length).map(({ event_id, start_ms }) => [event_id, start_ms]),
    before.map(({ event_id, start_ms }) => [event_id, start_ms]), 'what was stored stays as it is');
  const once = new Set(list.map(({ kind, start_ms }) => `${kind} ${Math.round(start_ms / 100)}`));
  assert.equal(once.size, list.length, 'no event twice');
  // Without the dips that go with interruptions: dip, swell, interruption, 20 s apart, anew after each start.
  const order = ['dip', 'swell', 'interruption'];
  const chain = list.filter((event) => event.kind !== 'dip' || event.duration_ms < 1000);
  let runs = 1;
  chain.slice(1).forEach((event, n) => {
    const expected = order[(order.indexOf(chain[n].kind) + 1) % 3];
    const apart = event.start_ms - chain[n].start_ms;
    const follows = event.kind === expected && Math.abs(apart - 20000) < 2500;
    if (!follows) runs += 1;
    assert.ok(follows || event.kind === 'dip', `${event.kind} ${apart} ms after ${chain[n].kind}: one is missing`);
  });
  const { journals } = await api.get('/v1/devices/meter-1/deliveries');
  for (const { stored, watermark, gaps } of journals) {
    assert.equal(stored, watermark, 'every record up to the watermark is stored');
    assert.deepEqual(gaps, []);
  }
  console.log(`figure: ${list.length} events over ${runs} runs, each once`);
  assert.equal(runs, 3, 'as many runs as starts of the device');
});

const recordings = waveforms()?.filter(({ name }) => /^(desktop_pc|kettle|tv|washing_machine)_01$/.test(name));
if (!recordings && process.env.OHM_REQUIRE_DATA === '1') throw new Error(`no test data in ${dataFolder}; set TEST_DATA_DIR`);
const skip = recordings ? false : `SKIPPED: no test data in ${dataFolder}`;

// Stored are subgroups over windows of 10 cycles, which take in what varies beside the harmonics: a load that varies has
// more distortion than its lines have, and less than all that is not its fundamental.
test('finds the distortion of real appliances', { skip, timeout: 60000 }, async () => {
  for (const { name, expected, source } of recordings) {
    const id = `loop_${name}`;
    const player = await installation.device(id, {
      adc_source: 'recording', ...source, recording_loop: 'yes', speed: 10, spectrum_ms: 1000,
    });
    player.start();
    const clean = await until(`spectra of ${name} without the seam of the loop are stored`, async () => {
      const found = {};
      for (const signal of ['voltage', 'current']) {
        const { spectra } = await api.get(`/v1/devices/${id}/spectra?channel=0&signal=${signal}&${range()}`);
        found[signal] = spectra.filter(({ quality }) => quality.length === 0);
      }
      return found.voltage.length >= 3 && found.current.length >= 3 && found;
    }, { timeoutMs: 20000 });
    await player.end();
    const mean = (spectra, value) => spectra.reduce((sum, spectrum) => sum + value(spectrum), 0) / spectra.length;
    const lines = { voltage: expected.thd_v_pct_h40, current: expected.thd_i_pct_h40 };
    const all = { voltage: expected.thd_v_pct_rms, current: expected.thd_i_pct_rms };
    for (const signal of ['voltage', 'current']) {
      const got = mean(clean[signal], (spectrum) => spectrum.thd * 100);
      const reference = expected[signal === 'voltage' ? 'v_harm_rms' : 'i_harm_rms'];
      console.log(`figure: ${name} ${signal}: THD ${got.toFixed(3)} % (${lines[signal].toFixed(3)} to ${all[signal].toFixed(3)} %)`);
      const margin = 0.05 + 0.01 * lines[signal];
      assert.ok(got > lines[signal] - margin && got < all[signal] + margin, `${name} ${signal}: ${got} %`);
      if (signal === 'voltage') assert.ok(got < lines[signal] + margin, `${name} ${signal}: ${got} %`);
      const fundamental = mean(clean[signal], (spectrum) => spectrum.fundamental);
      assert.ok(Math.abs(fundamental / reference[0] - 1) < 0.02, `${name} ${signal}: ${fundamental}`);
    }
  }
});
