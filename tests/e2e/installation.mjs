// SPDX-License-Identifier: MIT

// A whole installation in a folder of its own: authority, broker, fleet server and meters, on free loopback ports.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Api } from './api.mjs';
import { buildFolder, freePort, Program, repository, run, Scene, until } from './processes.mjs';

const configText = (settings) =>
  Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');

const portIsOpen = (port) =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });

export class Installation extends Scene {
  // `ohmd` are settings of ohmd.conf that differ from a plain installation; `lab` names the lab listener's device; `guard`
  // has the plugin decide who speaks to the broker; `authority` lets ohmd have an authority of its own, which enrols devices.
  static async create(name, { ohmd = {}, lab, guard = false, authority = false } = {}) {
    const installation = new Installation(name);
    await installation.prepare(ohmd, lab, guard, authority);
    return installation;
  }

  async prepare(ohmd, lab, guard, authority) {
    this.pki = this.path('pki');
    // What a device or a browser trusts.
    this.ca = join(this.pki, authority ? 'root.pem' : 'ca.pem');
    if (authority) await run(join(buildFolder, 'cli/ohm/ohm'), ['pki', 'init', this.pki]);
    else await run(join(repository, 'tools/pki.sh'), ['init', this.pki]);
    [this.brokerPort, this.httpsPort, this.localPort] = [await freePort(), await freePort(), await freePort()];
    const brokerArguments = ['--pki', this.pki, '--dir', this.path('broker'), '--port', `${this.brokerPort}`];
    if (authority) brokerArguments.push('--ca', join(this.pki, 'trust.pem'));
    if (lab) {
      await run(join(repository, 'tools/pki.sh'), ['device', this.pki, lab]);
      await run(join(repository, 'tools/pki.sh'), ['operator', this.pki, 'technician']);
      this.labPort = await freePort();
      brokerArguments.push('--lab-port', `${this.labPort}`, '--lab-device', lab);
    }
    mkdirSync(this.path('server'), { recursive: true });
    const identities = this.path('server', 'identities');
    const guardSocket = join(this.memory, 'guard.sock');
    if (guard) {
      brokerArguments.push('--guard', join(buildFolder, 'server/guard/ohm_guard/ohm_guard.so'), '--identities', identities,
        '--reports', guardSocket);
    }
    await run(join(repository, 'tools/broker_config.sh'), brokerArguments);
    this.passwordFile = this.path('server', 'administrator_password');
    this.ohmdSettings = {
      store_path: this.path('server', 'fleet.db'),
      accounts_path: this.path('server', 'accounts.db'),
      broker_host: 'localhost',
      broker_port: this.brokerPort,
      broker_ca_file: join(this.pki, 'ca.pem'),
      broker_certificate_file: join(this.pki, 'ohmd/cert.pem'),
      broker_key_file: join(this.pki, 'ohmd/key.pem'),
      https_port: this.httpsPort,
      https_certificate_file: join(this.pki, 'https/cert.pem'),
      https_key_file: join(this.pki, 'https/key.pem'),
      http_local: 'true',
      http_local_port: this.localPort,
      administrator_password_file: this.passwordFile,
      dashboard_folder: existsSync(join(repository, 'dashboard/dist/index.html'))
        ? join(repository, 'dashboard/dist') : undefined,
      lab_device: lab,
      identity_list_file: guard ? identities : undefined,
      identity_folder: guard ? this.pki : undefined,
      guard_socket: guard ? guardSocket : undefined,
      ...ohmd,
    };
    if (authority) {
      this.devicesPort = await freePort();
      Object.assign(this.ohmdSettings, {
        authority_folder: this.pki, devices_port: this.devicesPort, identity_folder: undefined, broker_ca_file: undefined,
        broker_certificate_file: undefined, broker_key_file: undefined, https_certificate_file: undefined, https_key_file: undefined,
      });
    }
    this.configureOhmd();
    const mosquitto = existsSync('/usr/sbin/mosquitto') ? '/usr/sbin/mosquitto' : 'mosquitto';
    this.broker = this.add(new Program('broker', mosquitto, ['-c', this.path('broker', 'mosquitto.conf')],
      { log: this.path('broker.log') }));
    this.ohmd = this.add(new Program('ohmd', join(buildFolder, 'server/daemon/ohmd/ohmd'),
      ['--config', this.path('ohmd.conf')], { log: this.path('ohmd.log') }));
  }

  configureOhmd(changes = {}) {
    Object.assign(this.ohmdSettings, changes);
    writeFileSync(this.path('ohmd.conf'), configText(this.ohmdSettings));
  }

  async startBroker() {
    this.broker.start();
    await until('the broker listens', () => portIsOpen(this.brokerPort));
  }

  async startOhmd() {
    this.ohmd.start();
    await until('ohmd is healthy', async () => {
      const api = new Api({ port: this.httpsPort, caPath: this.ca });
      try {
        return (await api.call('GET', '/healthz')).status === 200;
      } finally {
        api.close();
      }
    });
  }

  async start() {
    await this.startBroker();
    await this.startOhmd();
    return this;
  }

  // The administrator, signed in.
  async administrator() {
    const api = new Api({ port: this.httpsPort, caPath: this.ca });
    await api.signIn('admin', readFileSync(this.passwordFile, 'utf8').trim());
    return api;
  }

  // A meter with a certificate of its own, or one that gets it by set-up; started by the caller. `settings` are those of
  // ohm-device.conf.
  async device(id, settings = {}, { env } = {}) {
    if (settings.provisioning !== 'yes') await run(join(repository, 'tools/pki.sh'), ['device', this.pki, id]);
    const folder = this.path('devices', id);
    mkdirSync(join(folder, 'data'), { recursive: true });
    const runFolder = join(this.memory, id);
    mkdirSync(runFolder, { recursive: true });
    const all = {
      device_id: id,
      broker_host: 'localhost',
      broker_port: this.brokerPort,
      ca: this.ca,
      cert: join(this.pki, 'devices', id, 'cert.pem'),
      key: join(this.pki, 'devices', id, 'key.pem'),
      data_dir: join(folder, 'data'),
      run_dir: runFolder,
      real_time: 'no',
      ...settings,
    };
    const config = join(folder, 'ohm-device.conf');
    writeFileSync(config, configText(all));
    const program = this.add(new Program(id, join(buildFolder, 'firmware/apps/energy_meter/ohm-device'),
      ['--config', config], { log: join(folder, 'log'), env }));
    return Object.assign(program, { folder, runFolder, settings: all, config });
  }
}
