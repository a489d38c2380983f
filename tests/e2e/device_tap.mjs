// SPDX-License-Identifier: MIT

// A wire between a meter and the fleet's listener that can be cut at a given request. A meter opens a connection for each
// request, so connections are requests.

import { connect, createServer } from 'node:net';

export class DeviceTap {
  // Carries what comes at a free port to `target`.
  static async open(target) {
    const tap = new DeviceTap();
    tap.target = target;
    tap.sockets = new Set();
    tap.requests = 0;
    tap.server = createServer((socket) => tap.#carry(socket));
    await new Promise((done) => tap.server.listen(0, '127.0.0.1', done));
    tap.port = tap.server.address().port;
    return tap;
  }

  // Cuts the wire at the request after `skip` more: the server never sees it, or, with `answered`, only its answer is lost. The
  // promise is kept when the request is on its way to nowhere, or to the server.
  cut({ skip, answered }) {
    return new Promise((reached) => {
      this.plan = { skip, answered, reached };
    });
  }

  #carry(socket) {
    const plan = this.plan;
    const isCut = plan !== undefined && plan.skip-- === 0;
    this.requests++;
    this.#mind(socket);
    if (isCut) this.plan = undefined;
    if (isCut && !plan.answered) {
      plan.reached();
      return;
    }
    const server = this.#mind(connect(this.target, '127.0.0.1'));
    let hasServerSpoken = false;
    let isHeld = false;
    // The device's second flight of TLS 1.3 carries the request; what the server says after that is the answer.
    socket.on('data', (bytes) => {
      if (isCut && hasServerSpoken && !isHeld) {
        isHeld = true;
        plan.reached();
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      hasServerSpoken = true;
      if (!isHeld) socket.write(bytes);
    });
    server.on('close', () => !isHeld && socket.end());
    socket.on('close', () => server.end());
  }

  #mind(socket) {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
    return socket;
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
