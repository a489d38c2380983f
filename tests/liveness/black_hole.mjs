// SPDX-License-Identifier: MIT

// A TCP proxy that can turn into a black hole: it goes on accepting connections and bytes and answers nothing.

import { connect, createServer } from 'node:net';

export class BlackHole {
  constructor(targetPort) {
    this.targetPort = targetPort;
    this.swallowing = false;
    this.swallowed = 0; // bytes
    this.sockets = new Set();
    this.server = createServer((near) => this.accept(near));
  }

  open() {
    return new Promise((done, failed) => {
      this.server.once('error', failed);
      this.server.listen(0, '127.0.0.1', () => {
        this.port = this.server.address().port;
        done(this);
      });
    });
  }

  accept(near) {
    this.keep(near);
    // In the dark nobody is behind the proxy, and what comes in is lost.
    const far = this.swallowing ? null : this.keep(connect(this.targetPort, '127.0.0.1'));
    near.on('data', (bytes) => {
      if (this.swallowing || !far) this.swallowed += bytes.length;
      else far.write(bytes);
    });
    far?.on('data', (bytes) => {
      if (!this.swallowing) near.write(bytes);
    });
    // A black hole ends no connection either.
    near.on('close', () => far?.destroy());
    far?.on('close', () => this.swallowing || near.destroy());
  }

  keep(socket) {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
    socket.setNoDelay(true);
    return socket;
  }

  swallow() {
    this.swallowing = true;
  }

  // The light comes back, for new connections; the old ones have lost bytes and are cut.
  heal() {
    this.swallowing = false;
    for (const socket of this.sockets) socket.destroy();
  }

  close() {
    this.swallowing = false;
    for (const socket of this.sockets) socket.destroy();
    return new Promise((done) => this.server.close(done));
  }
}
