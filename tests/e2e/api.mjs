// SPDX-License-Identifier: MIT

// A small client of ohmd's REST interface and stream, trusting only the installation's own CA.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

export class Api {
  constructor({ port, caPath }) {
    this.port = port;
    this.agent = new Agent({ ca: readFileSync(caPath), keepAlive: true, maxSockets: 16 });
    this.cookie = '';
    this.csrf = '';
  }

  // Answers {status, headers, body}; body is parsed when it is JSON.
  call(method, path, body, headers = {}) {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((done, failed) => {
      const outgoing = request(
        {
          host: '127.0.0.1', servername: 'localhost', port: this.port, method, path, agent: this.agent,
          headers: {
            host: `localhost:${this.port}`,
            ...(this.cookie && { cookie: this.cookie }),
            ...(this.csrf && method !== 'GET' && { 'x-csrf-token': this.csrf }),
            ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...headers,
          },
        },
        (incoming) => {
          const parts = [];
          incoming.on('data', (part) => parts.push(part));
          incoming.on('end', () => {
            const raw = Buffer.concat(parts).toString('utf8');
            const isJson = (incoming.headers['content-type'] ?? '').startsWith('application/json');
            done({ status: incoming.statusCode, headers: incoming.headers, body: isJson && raw ? JSON.parse(raw) : raw });
          });
          incoming.on('error', failed);
        },
      );
      outgoing.setTimeout(30000, () => outgoing.destroy(new Error(`no answer to ${method} ${path} within 30 s`)));
      outgoing.on('error', failed);
      outgoing.end(text);
    });
  }

  async get(path) {
    const answer = await this.call('GET', path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async signIn(username, password) {
    const answer = await this.call('POST', '/v1/auth/login', { username, password });
    if (answer.status !== 200) throw new Error(`sign-in: ${answer.status} ${JSON.stringify(answer.body)}`);
    this.cookie = (answer.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]).join('; ');
    this.csrf = answer.body.csrf_token;
    return answer.body;
  }

  // Follows the stream and hands every event to `onEvent(kind, data)`; the answer closes it.
  stream(path, onEvent) {
    const outgoing = request({
      host: '127.0.0.1', servername: 'localhost', port: this.port, method: 'GET', path,
      ca: this.agent.options.ca, headers: { host: `localhost:${this.port}`, cookie: this.cookie, accept: 'text/event-stream' },
    });
    let pending = '';
    outgoing.on('response', (incoming) => {
      incoming.setEncoding('utf8');
      incoming.on('data', (part) => {
        pending += part;
        for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
          const lines = pending.slice(0, end).split('\n');
          pending = pending.slice(end + 2);
          const kind = lines.find((line) => line.startsWith('event: '))?.slice(7);
          const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6)).join('\n');
          if (kind && data) onEvent(kind, JSON.parse(data));
        }
      });
    });
    outgoing.on('error', () => {});
    outgoing.end();
    return () => outgoing.destroy();
  }

  close() {
    this.agent.destroy();
  }
}
