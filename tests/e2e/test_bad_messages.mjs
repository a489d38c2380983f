// SPDX-License-Identifier: MIT

// Bad messages to the fleet server, over the real broker with real device certificates: each is refused under its own
// counter, at most one log line a minute tells of a device, and another meter's readings go on without loss.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { array, batch, bytes, entries, int, map, spoiled, text, uint } from './cbor_batch.mjs';
import { Installation } from './installation.mjs';
import { MqttClient, NOT_AUTHORIZED } from './mqtt_client.mjs';
import { repository, run, sleep, until } from './processes.mjs';
import { readTrace } from './reading_trace.mjs';
import { join } from 'node:path';

let installation;
let meter;
let api;
let villain;
const villainJournal = randomBytes(16);

const UP = 'energy_meter/villain';
const fields = (changes = {}) => ({ journalId: villainJournal, seq: 1, ...changes });

before(async () => {
  installation = await (await Installation.create('messages')).start();
  meter = await installation.device('meter-1', {
    adc_source: 'synthesizer', rate_hz: 2000, speed: 10, run_dir: undefined, trace_file: installation.path('trace'),
  });
  meter.start();
  api = await installation.administrator();
  villain = await identity('villain');
  await until('the meter delivers', async () => (await counters()).readings_stored > 3);
});

after(async () => {
  await villain?.close();
  api?.close();
  await installation?.close();
});

async function identity(name) {
  await run(join(repository, 'tools/pki.sh'), ['device', installation.pki, name]);
  return MqttClient.open({ port: installation.brokerPort, pki: installation.pki, folder: `devices/${name}` });
}

const counters = async () => (await api.get('/v1/system')).counters;
const linesAbout = (name) => installation.ohmd.output().split('\n').filter((line) => line.includes(`: ${name}: `));

// Publishes `payload` and waits until `counter` has grown by exactly one and no other refusal with it.
async function refused(counter, topic, payload, what) {
  const before = await counters();
  assert.equal(await villain.publish(`${UP}/${topic}`, payload), 0, `the broker takes ${what}`);
  const now = await until(`${what} is counted as ${counter}`, async () => {
    const seen = await counters();
    return Object.keys(seen).some((name) => name.startsWith('refused_') && seen[name] > before[name]) && seen;
  }, { timeoutMs: 3000, everyMs: 10 });
  for (const name of Object.keys(now).filter((one) => one.startsWith('refused_'))) {
    assert.equal(now[name] - before[name], name === counter ? 1 : 0, `${what}: ${name}`);
  }
}

test('stores what the helper of this test calls a good batch', async () => {
  await villain.publish(`${UP}/batch`, batch(fields()));
  await until('it is stored', async () => (await api.call('GET', '/v1/devices/villain/deliveries')).body.journals?.[0]?.watermark === 1);
});

// A batch of one record that is no reading: `fields` stand under `key`.
const withRecord = (key, list, seq = 4) => {
  const plain = entries(fields({ seq })).filter(([name]) => name !== 11);
  return map([...plain, [key, array(array(...list))]]);
};

test('stores an event and its waveform, and shows them', async () => {
  await villain.publish(`${UP}/batch`, withRecord(7, [uint(0), uint(5000250), uint(83400), uint(9), uint(0), uint(2), uint(11500), uint(23000), uint(1)], 2));
  await villain.publish(`${UP}/batch`, withRecord(8, [uint(0), uint(5000000), uint(9), uint(125000), uint(10000), uint(2), uint(0), uint(3),
    array(int(100), int(-50), int(5))], 3));
  const [event] = await until('the waveform is there', async () => {
    const { events } = await api.get('/v1/devices/villain/events');
    return events[0]?.has_waveform && events;
  });
  assert.deepEqual([event.kind, event.channel, event.duration_ms, event.extreme_v, event.declared_v, event.quality], ['dip', 2, 83.4, 115, 230, ['gap']]);
  const { signals } = await api.get(`/v1/devices/villain/events/${event.event_id}/waveform`);
  assert.deepEqual(signals, [{ channel: 2, signal: 'voltage', unit: 'V', start_ms: -0.25, interval_us: 125, values: [1, 0.5, 0.05] }]);
});

test('refuses batches that are not as agreed', async () => {
  const good = batch(fields({ seq: 4 }));
  const cases = {
    'nothing at all': Buffer.alloc(0),
    'noise': randomBytes(200),
    'text': Buffer.from('{"journal":1}'),
    'a truncated batch': good.subarray(0, good.length - 1),
    'half a batch': good.subarray(0, good.length >> 1),
    'a batch and one byte more': Buffer.concat([good, Buffer.from([0])]),
    'an unknown key': Buffer.concat([Buffer.from([good[0] + 1]), good.subarray(1), uint(12), uint(1)]),
    'version 2': spoiled(fields({ seq: 4 }), 0, uint(2)),
    'a journal of 15 bytes': spoiled(fields({ seq: 4 }), 1, bytes(villainJournal.subarray(1))),
    'a journal that is text': spoiled(fields({ seq: 4 }), 1, text('x'.repeat(16))),
    'no boot': spoiled(fields({ seq: 4 }), 2, null),
    'a negative boot': spoiled(fields({ seq: 4 }), 2, int(-1)),
    'a boot above 32 bits': spoiled(fields({ seq: 4 }), 2, uint(0x100000000n)),
    'a first number of zero': spoiled(fields({ seq: 4 }), 3, uint(0)),
    'a number at the end of 64 bits': spoiled(fields({ seq: 4 }), 3, uint(0xffffffffffffffffn)),
    'an oldest record after the first': spoiled(fields({ seq: 4 }), 4, uint(5)),
    'no records': spoiled(fields({ seq: 4 }), 5, uint(0)),
    'a thousand records in one row': spoiled(fields({ seq: 4 }), 5, uint(1000)),
    'a count of 2^63': spoiled(fields({ seq: 4 }), 5, uint(1n << 63n)),
    'a column of text': spoiled(fields({ seq: 4 }), 11, array(text('1'), array(), array(), array(), array(), array())),
    'a column of floating point': spoiled(fields({ seq: 4 }), 11,
      array(Buffer.from([0x81, 0xf9, 0x7e, 0x00]), array(), array(), array(), array(), array())),
    'a missing column': spoiled(fields({ seq: 4 }), 11, array(array(uint(1)))),
    'a column longer than the readings': spoiled(fields({ seq: 4 }), 11, array(array(uint(1), uint(1)), array(), array(), array(), array(), array())),
    'a frequency above its field': spoiled(fields({ seq: 4 }), 11, array(array(), array(), array(uint(1n << 40n)), array(), array(), array())),
    'more channels than eight': spoiled(fields({ seq: 4 }), 11, array(array(), array(), array(), array(), array(uint(256)), array())),
    'a rate above three': spoiled(fields({ seq: 4 }), 11,
      array(...Array.from({ length: 6 }, () => array()), array(uint(4)), ...Array.from({ length: 12 }, () => array()))),
    'a register below zero': spoiled(fields({ seq: 4 }), 11,
      array(...Array.from({ length: 7 }, () => array()), array(int(-1)), ...Array.from({ length: 11 }, () => array()))),
    'the readings of an older time': spoiled(fields({ seq: 4 }), 11, array(...Array.from({ length: 6 }, () => array()))),
    'an event of an unknown kind': withRecord(7, [uint(0), uint(1), uint(1), uint(1), uint(3), uint(0), uint(1), uint(1), uint(0)]),
    'an event behind the batch': withRecord(7, [uint(1), uint(1), uint(1), uint(1), uint(0), uint(0), uint(1), uint(1), uint(0)]),
    'an event that lacks a field': withRecord(7, [uint(0), uint(1), uint(1), uint(1), uint(0), uint(0), uint(1), uint(1)]),
    'a waveform of no samples': withRecord(8, [uint(0), uint(1), uint(1), uint(1), uint(1), uint(0), uint(0), uint(0), array()]),
    'a waveform of 193 samples': withRecord(8, [uint(0), uint(1), uint(1), uint(1), uint(1), uint(0), uint(0), uint(193), array()]),
    'a waveform of more samples than it says': withRecord(8, [uint(0), uint(1), uint(1), uint(1), uint(1), uint(0), uint(0), uint(1), array(uint(1), uint(2))]),
    'a sample above its field': withRecord(8, [uint(0), uint(1), uint(1), uint(1), uint(1), uint(0), uint(0), uint(1), array(uint(32768))]),
    'a spectrum of 51 harmonics': withRecord(9, [uint(0), ...Array.from({ length: 9 }, () => uint(0)), array(...Array.from({ length: 51 }, () => uint(1000000)))]),
    'an interval of channel values without channels': withRecord(10, [uint(0), ...Array.from({ length: 14 }, () => uint(0)), array(uint(1))]),
    'an array of 2^32 items': Buffer.concat([spoiled(fields({ seq: 4 }), 11, Buffer.from([0x9a, 0xff, 0xff, 0xff, 0xff]))]),
    'deep nesting': Buffer.alloc(40000, 0x81),
    'an empty map': map([]),
  };
  for (const [what, payload] of Object.entries(cases)) await refused('refused_malformed', 'batch', payload, what);
});

test('refuses a batch that is too large, and asks again for records that are missing', async () => {
  await refused('refused_oversized', 'batch', randomBytes(48 * 1024 + 1), 'a batch above 48 KiB');
  await refused('refused_hole', 'batch', batch(fields({ seq: 7 })), 'a batch behind a hole');
  assert.equal((await api.get('/v1/devices/villain/deliveries')).journals[0].watermark, 3);
});

const packet = (channel = {}, rest = {}) => ({ timestamp: 5000000, channels: [{ channel: 0, voltage: 230, current: 1, ...channel }], ...rest });
const raw = (name, value) => `{"${name}":${value}}`;

test('refuses JSON that is not as agreed', async () => {
  const cases = [
    ['relay_status', 'no JSON', 'relays: on'],
    ['relay_status', 'nothing', ''],
    ['relay_status', 'a truncated object', '{"relay_mask":5'],
    ['relay_status', 'an object and more', '{"relay_mask":5}{"relay_mask":6}'],
    ['relay_status', 'an array', '[5]'],
    ['relay_status', 'no mask', '{}'],
    ['relay_status', 'a mask twice', '{"relay_mask":5,"relay_mask":6}'],
    ['relay_status', 'a mask of text', raw('relay_mask', '"5"')],
    ['relay_status', 'NaN', raw('relay_mask', 'NaN')],
    ['relay_status', 'Infinity', raw('relay_mask', 'Infinity')],
    ['relay_status', 'a number beyond every double', raw('relay_mask', '1e999')],
    ['relay_status', 'a mask of 256', raw('relay_mask', '256')],
    ['relay_status', 'a mask below zero', raw('relay_mask', '-1')],
    ['relay_status', 'half a mask', raw('relay_mask', '1.5')],
    ['relay_status', 'a thousand brackets', '['.repeat(8000)],
    ['relay_status', 'text that is not UTF-8', Buffer.concat([Buffer.from('{"relay_mask":5,"security":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])],
    ['command_result', 'no identifier', '{"status":"done","relay_mask":1}'],
    ['command_result', 'an identifier that is a number', '{"cmd_id":7,"status":"done"}'],
    ['command_result', 'an unknown status', '{"cmd_id":"x","status":"perhaps"}'],
    ['command_result', 'half a mask', '{"cmd_id":"x","status":"done","relay_mask":0.5}'],
    ['command_result', 'a huge mask', '{"cmd_id":"x","status":"done","relay_mask":1e300}'],
    ['system_status', 'a status of null', '{"status":null}'],
    ['system_status', 'a version that is an array', '{"status":"online","version":[1]}'],
    ['system_status', 'a depth below zero', '{"status":"online","journal_depth":-1}'],
    ['system_status', 'a version that is not UTF-8', Buffer.concat([Buffer.from('{"status":"online","version":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])],
    ['data', 'no channels', '{"timestamp":1}'],
    ['data', 'channels that are an object', '{"timestamp":1,"channels":{}}'],
    ['data', 'NaN volts', JSON.stringify(packet()).replace('230', 'NaN')],
    ['data', 'infinite volts', JSON.stringify(packet()).replace('230', '1e999')],
    ['data', 'huge volts', packet({ voltage: 1e30 })],
    ['data', 'volts of text', packet({ voltage: '230' })],
    ['data', 'energy below zero', packet({ energy: -1 })],
    ['data', 'more energy than a register holds', packet({ energy: 1e19 })],
    ['data', 'channel 8', packet({ channel: 8 })],
    ['data', 'channel 0.5', packet({ channel: 0.5 })],
    ['data', 'the same channel twice', { timestamp: 1, channels: [{ channel: 0 }, { channel: 0 }] }],
    ['data', 'connected that is text', packet({ connected: 'yes' })],
    ['data', 'a time below zero', packet({}, { timestamp: -1 })],
    ['data', 'a channel that is no object', { timestamp: 1, channels: [1] }],
  ];
  for (const [topic, what, payload] of cases) await refused('refused_malformed', topic, payload, `${topic}: ${what}`);
});

test('refuses a payload that names another device or is too large, and ignores members it does not know', async () => {
  await refused('refused_wrong_device', 'relay_status', { relay_mask: 1, device_id: 'meter-1' }, 'a relay_status of another device');
  await refused('refused_wrong_device', 'data', packet({}, { device_id: 'meter-1' }), 'data of another device');
  await refused('refused_wrong_device', 'system_status', { status: 'offline', device_id: 'meter-1' }, 'a status of another device');
  await refused('refused_wrong_device', 'command_result', { cmd_id: 'x', status: 'done', device_id: 'meter-1' }, 'a result of another device');
  await refused('refused_oversized', 'relay_status', `{"relay_mask":1,"x":"${'x'.repeat(17000)}"}`, 'a relay_status of 17 KB');
  assert.equal((await api.get('/v1/devices/meter-1')).online, true);
  const before = await counters();
  await villain.publish(`${UP}/relay_status`, { relay_mask: 9, device_id: 'villain', tomorrow: { nested: [1, 2, null] } });
  await until('the mask is known', async () => (await api.get('/v1/devices/villain')).relay_mask === 9);
  assert.equal((await counters()).refused_malformed, before.refused_malformed);
});

test('lets no device speak for another one, nor as the server, nor on topics that do not exist', async () => {
  const before = await counters();
  // Each over a connection of its own: mosquitto hangs up on who insists.
  await villain.close();
  for (const topic of ['energy_meter/meter-1/batch', 'energy_meter/meter-1/relay_status', 'energy_meter/meter-1/system_status',
    'energy_meter/meter-1/ack', 'energy_meter/meter-1/command', 'energy_meter/villain/ack', 'energy_meter/villain/command',
    'energy_meter/villain/firmware', 'energy_meter/relay_control', 'energy_meter/villain/batch/more']) {
    villain = await identity('villain');
    assert.equal(await villain.publish(topic, '{"relay_mask":255}'), NOT_AUTHORIZED, topic);
    await villain.close();
  }
  villain = await identity('villain');
  for (const topic of ['energy_meter/meter-1/command', 'energy_meter/+/batch', '#']) await villain.subscribe(topic);
  await sleep(300);
  assert.equal((await counters()).refused_topic, before.refused_topic);
  assert.deepEqual(villain.received.filter(({ topic }) => !topic.startsWith(UP)), [], 'nothing of others is heard');
  assert.notEqual((await api.get('/v1/devices/meter-1')).relay_mask, 255);
});

test('is not reached by what is above the limit of the broker, which says so', async () => {
  const noisy = await identity('noisy');
  await assert.rejects(noisy.publish('energy_meter/noisy/batch', Buffer.alloc(300 * 1024)), /closed|ECONNRESET|EPIPE/);
  await until('the broker names client and cause', () => /noisy.*(oversize|too large|malformed|packet)/i.test(installation.broker.output()));
  assert.ok(installation.ohmd.running);
});

test('drops what a flooding device sends beyond its share, and serves the others', async () => {
  const before = await counters();
  const storm = await identity('storm');
  const journalId = randomBytes(16);
  const meterBefore = (await api.get('/v1/devices/meter-1/deliveries')).journals[0].stored;
  let sent = 0;
  const end = Date.now() + 4000;
  while (Date.now() < end) {
    const wave = [];
    for (let i = 0; i < 100; i++, sent++) {
      wave.push(storm.publish('energy_meter/storm/batch', sent % 2 ? randomBytes(100) : batch({ journalId, seq: sent / 2 + 1 })));
    }
    await Promise.all(wave);
  }
  const now = await counters();
  const flooded = now.refused_flood - before.refused_flood;
  console.log(`figure: flood of ${sent} messages in 4 s: ${flooded} dropped, ` +
    `${now.refused_malformed - before.refused_malformed} malformed, ${now.readings_stored - before.readings_stored} readings stored`);
  assert.ok(sent > 2000 && flooded > 0.3 * sent, `${flooded} of ${sent} dropped`);
  const meterNow = (await api.get('/v1/devices/meter-1/deliveries')).journals[0].stored;
  assert.ok(meterNow - meterBefore >= 20, `the meter delivered ${meterNow - meterBefore} readings meanwhile`);
  const stored = (await api.get('/v1/devices/storm/deliveries')).journals[0];
  assert.equal(stored.stored, stored.watermark, 'no hole behind what was dropped');
  assert.ok(stored.watermark >= 100, `${stored.watermark} of the valid ones are stored`);
  await storm.close();
});

test('tells of a device once a minute, and forges no line', async () => {
  await villain.publish(`${UP}/command_result`, '{"cmd_id":"x\\n2026-01-01T00:00:00Z error: forged","status":"perhaps"}');
  await sleep(200);
  assert.equal(linesAbout('villain').length, 1, linesAbout('villain').join('\n'));
  assert.equal(linesAbout('storm').length, 1, linesAbout('storm').join('\n'));
  assert.equal(linesAbout('meter-1').length <= 1, true, linesAbout('meter-1').join('\n'));
  assert.doesNotMatch(installation.ohmd.output(), /^2026-01-01T00:00:00Z error: forged/m);
});

test('has lost nothing of the meter beside all this', async () => {
  await meter.end('SIGTERM');
  const { journals } = readTrace(installation.path('trace'));
  const [[id, readings]] = [...journals];
  const journal = (await api.get('/v1/devices/meter-1/deliveries')).journals.find(({ journal_id: one }) => one === id);
  const newest = Math.max(...readings.keys());
  console.log(`figure: ${readings.size} readings measured, ${journal.stored} records stored up to ${journal.watermark}`);
  assert.ok(journal.watermark >= newest);
  assert.deepEqual(journal.gaps, []);
  assert.equal(journal.stored, journal.watermark);
  assert.ok(installation.ohmd.running && installation.broker.running);
});
