// SPDX-License-Identifier: MIT

// One device and its broker, with a network between them that can turn black and a disk that can hang.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { Program, Scene, freePort, repository, run, until } from '../e2e/processes.mjs';
import { BlackHole } from './black_hole.mjs';
import { Disk } from './evidence.mjs';
import { PinTrace, RELAY, nowMs, rhythmOf } from './pin_trace.mjs';

const NAME = 'meter-1';

function needed(name) {
  const path = process.env[name];
  if (!path) throw new Error(`${name} is not set; ctest sets it`);
  return path;
}

export class Installation {
  static async open() {
    const place = new Installation();
    try {
      await place.build();
      return place;
    } catch (error) {
      await place.close();
      throw error;
    }
  }

  async build() {
    this.scene = new Scene('liveness');
    const pki = this.scene.path('pki');
    await run(join(repository, 'tools/pki.sh'), ['init', pki]);
    await run(join(repository, 'tools/pki.sh'), ['device', pki, NAME]);
    const brokerPort = await freePort();
    await run(join(repository, 'tools/broker_config.sh'), [
      '--pki', pki, '--dir', this.scene.path('broker'), '--port', String(brokerPort),
    ]);
    this.broker = this.scene.add(new Program('broker', 'mosquitto', ['-c', this.scene.path('broker/mosquitto.conf')], {
      log: this.scene.path('broker.log'),
    }));
    this.broker.start();
    this.network = await new BlackHole(brokerPort).open();
    this.disk = new Disk(this.scene.path('disk-hangs'));
    this.addDevice(pki);
    this.device.start();
    await until('the pins move', () => (this.trace ??= new PinTrace(this.tracePath)), { timeoutMs: 10000 });
  }

  addDevice(pki) {
    this.memory = mkdtempSync('/dev/shm/ohm-liveness-');
    this.tracePath = join(this.memory, 'pins');
    this.controlPath = this.scene.path('data/control.sock');
    this.journal = this.scene.path('data/journal.flash');
    this.values = this.scene.path('data/values.flash');
    const options = {
      device_id: NAME,
      broker_host: 'localhost',
      broker_port: this.network.port,
      ca: join(pki, 'ca.pem'),
      cert: join(pki, 'devices', NAME, 'cert.pem'),
      key: join(pki, 'devices', NAME, 'key.pem'),
      data_dir: this.scene.path('data'),
      run_dir: this.memory,
      pin_trace: this.tracePath,
      journal_kb: 512,
    };
    this.device = this.scene.add(new Program('device', needed('OHM_DEVICE'), Object.entries(options).map(([name, value]) => `--${name}=${value}`), {
      log: this.scene.path('device.log'),
      env: {
        LD_PRELOAD: needed('OHM_HANGING_DISK'),
        OHM_DISK_HANGS: this.disk.path,
        // The sanitizer wants to be the first library; the shim touches nothing that it watches.
        ASAN_OPTIONS: 'verify_asan_link_order=0',
      },
    }));
  }

  // Answers the device's own reply to one line.
  control(line) {
    return new Promise((done, failed) => {
      const socket = connect(this.controlPath);
      let reply = '';
      socket.setEncoding('utf8');
      socket.setTimeout(5000, () => socket.destroy(new Error(`no reply to ${line}`)));
      socket.on('error', failed);
      socket.on('data', (text) => {
        reply += text;
        if (reply.includes('\n')) {
          socket.end();
          done(reply.trim());
        }
      });
      socket.on('connect', () => socket.write(`${line}\n`));
    });
  }

  // Answers the latency from the order to the edge on the coil, in milliseconds.
  async switchRelay(relay, closed) {
    const orderedMs = nowMs();
    const reply = await this.control(`relay ${relay} ${closed ? 'on' : 'off'}`);
    if (!reply.startsWith('ok')) throw new Error(`relay ${relay}: ${reply}`);
    const edge = this.trace.of(RELAY + relay, orderedMs).at(-1);
    if (edge?.level !== (closed ? 1 : 0)) throw new Error(`relay ${relay} did not move`);
    return edge.timeMs - orderedMs;
  }

  // Whether the device has noted that it has no Wi-Fi credentials: an entry of that key as docs/storage.md draws it.
  hasForgottenWifi() {
    return readFileSync(this.values).includes(Buffer.from('\x04Kwifi', 'latin1'));
  }

  press() {
    process.kill(this.device.pid, 'SIGUSR1');
  }

  release() {
    process.kill(this.device.pid, 'SIGUSR2');
  }

  // The broker is there when the light has said so for three seconds, all of them after `sinceMs`.
  async online(sinceMs = nowMs()) {
    const saysSo = () => nowMs() - sinceMs > 3500 && rhythmOf(this.trace, nowMs() - 3000, nowMs(), 80).name === 'connected';
    await until('the light tells of the broker', saysSo, { timeoutMs: 120000, everyMs: 250 });
  }

  async close() {
    this.disk?.heal();
    this.broker?.running && process.kill(this.broker.pid, 'SIGCONT');
    this.trace?.close();
    await this.scene?.close();
    await this.network?.close();
    if (this.memory) rmSync(this.memory, { recursive: true, force: true });
  }
}
