/** Stand-ins for sockets and agents: the host holds the connections. */

import { EventEmitter } from '../node/events.js';

/** What a request and an answer show as their socket. */
export class Socket extends EventEmitter {
    connecting = false;
    destroyed = false;
    readable = true;
    writable = true;
    #request;

    constructor(request, encrypted) {
        super();
        this.#request = request;
        if (encrypted) {
            this.encrypted = true;
            this.authorized = true;
            this.getPeerCertificate = () => ({});
            this.getSession = () => undefined;
            this.isSessionReused = () => false;
        }
    }

    setTimeout(delay, callback) {
        this.#request.waitAtMost(delay, () => this.emit('timeout'));
        if (callback) this.once('timeout', callback);
        return this;
    }

    setKeepAlive() {
        return this;
    }

    setNoDelay() {
        return this;
    }

    ref() {
        return this;
    }

    unref() {
        return this;
    }

    cork() {}

    uncork() {}

    write() {
        return true;
    }

    end() {
        return this;
    }

    pause() {
        return this;
    }

    resume() {
        return this;
    }

    address() {
        return {};
    }

    destroy(error) {
        if (!this.destroyed) this.#request.destroy(error);
        return this;
    }
}

/** Keeps the settings that callers look at. */
export class Agent extends EventEmitter {
    defaultPort = 80;
    protocol = 'http:';
    requests = {};
    sockets = {};
    freeSockets = {};

    constructor(options = {}) {
        super();
        this.options = { path: null, noDelay: true, ...options };
        this.keepAlive = Boolean(options?.keepAlive);
        this.keepAliveMsecs = options?.keepAliveMsecs ?? 1000;
        this.maxSockets = options?.maxSockets ?? Infinity;
        this.maxFreeSockets = options?.maxFreeSockets ?? 256;
        this.maxTotalSockets = options?.maxTotalSockets ?? Infinity;
        this.scheduling = options?.scheduling ?? 'lifo';
        this.totalSocketCount = 0;
    }

    getName(options = {}) {
        return `${options.host ?? 'localhost'}:${options.port ?? ''}:${options.localAddress ?? ''}`;
    }

    createConnection() {
        throw new Error('Connections cannot be made in an action: only requests');
    }

    destroy() {}
}

/** The agent of `https`. */
export class SecureAgent extends Agent {
    defaultPort = 443;
    protocol = 'https:';
}
