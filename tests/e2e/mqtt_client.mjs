// SPDX-License-Identifier: MIT

// A small MQTT 5 client with a certificate, for saying what a well-behaved client would not. Version 5, since its
// acknowledgements tell whether the broker refused a topic.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';

const CONNECT = 1, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, PINGREQ = 12, DISCONNECT = 14;
export const NOT_AUTHORIZED = 0x87;

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

function packet(type, flags, ...parts) {
  const body = Buffer.concat(parts);
  const head = [(type << 4) | flags];
  let rest = body.length;
  do {
    head.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

export class MqttClient {
  // Connects with the certificate in `folder` of the installation's `pki`.
  static open({ port, pki, folder, ca = join(pki, 'ca.pem'), clientId = folder.split('/').at(-1) }) {
    return new Promise((done, failed) => {
      const client = new MqttClient();
      Object.assign(client, { pending: Buffer.alloc(0), waiting: new Map(), nextId: 1, received: [], connected: false });
      client.socket = connect({
        host: '127.0.0.1', servername: 'localhost', port, ca: readFileSync(ca),
        cert: readFileSync(join(pki, folder, 'cert.pem')), key: readFileSync(join(pki, folder, 'key.pem')),
      });
      client.ended = new Promise((ended) => client.socket.once('close', ended));
      client.socket.on('data', (bytes) => client.take(bytes));
      client.socket.on('error', (error) => {
        failed(error);
        for (const { failed: fail } of client.waiting.values()) fail(error);
        client.waiting.clear();
      });
      client.socket.on('close', () => {
        const error = new Error('the broker closed the connection');
        failed(error);
        for (const { failed: fail } of client.waiting.values()) fail(error);
        client.waiting.clear();
      });
      client.whenConnected = done;
      client.socket.on('secureConnect', () => client.socket.write(
        packet(CONNECT, 0, text('MQTT'), Buffer.from([5, 2, 0, 60, 0]), text(clientId))));
      client.pings = setInterval(() => client.socket.write(packet(PINGREQ, 0)), 20000);
      client.pings.unref();
    });
  }

  take(bytes) {
    this.pending = Buffer.concat([this.pending, bytes]);
    for (;;) {
      let size = 0;
      let at = 1;
      let shift = 0;
      do {
        if (at >= this.pending.length) return;
        size |= (this.pending[at] & 127) << shift;
        shift += 7;
      } while (this.pending[at++] & 128);
      if (this.pending.length < at + size) return;
      this.takePacket(this.pending[0], this.pending.subarray(at, at + size));
      this.pending = this.pending.subarray(at + size);
    }
  }

  takePacket(first, body) {
    const type = first >> 4;
    if (type === 2) {
      this.whenConnected(this);
    } else if (type === PUBACK || type === 9) {
      const id = body.readUInt16BE(0);
      this.waiting.get(id)?.done(type === 9 ? body.at(-1) : (body[2] ?? 0));
      this.waiting.delete(id);
    } else if (type === PUBLISH) {
      const qos = (first >> 1) & 3;
      const end = 2 + body.readUInt16BE(0);
      const id = qos > 0 ? body.readUInt16BE(end) : 0;
      const properties = end + (qos > 0 ? 2 : 0);
      const payload = body.subarray(properties + 1 + body[properties]);
      this.received.push({ topic: body.subarray(2, end).toString(), payload: Buffer.from(payload), retained: (first & 1) === 1 });
      if (qos > 0) this.socket.write(packet(PUBACK, 0, Buffer.from([id >> 8, id & 255])));
    }
  }

  ask(type, flags, makeBody) {
    if (this.socket.destroyed) return Promise.reject(new Error('the broker closed the connection'));
    const id = this.nextId;
    this.nextId = (this.nextId % 65535) + 1;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.socket.write(packet(type, flags, ...makeBody(Buffer.from([id >> 8, id & 255]))));
    });
  }

  // Publishes with QoS 1; answers the broker's reason code, 0 when it took the message.
  publish(topic, payload, { retain = false } = {}) {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
    return this.ask(PUBLISH, 2 | (retain ? 1 : 0), (id) => [text(topic), id, Buffer.from([0]), bytes]);
  }

  subscribe(topic) {
    return this.ask(SUBSCRIBE, 2, (id) => [id, Buffer.from([0]), text(topic), Buffer.from([1])]);
  }

  // The JSON payloads received on topics that end with `word`.
  payloads(word) {
    return this.received.filter(({ topic }) => topic.endsWith(`/${word}`)).map(({ payload }) => JSON.parse(payload.toString()));
  }

  async close() {
    clearInterval(this.pings);
    this.socket.end(packet(DISCONNECT, 0));
    await this.ended;
  }
}
