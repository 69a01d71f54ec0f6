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

/** Keeps the settings that callers look at. A function, not a class: old packages call it to inherit from it. */
export function Agent(options) {
    if (!(this instanceof Agent)) return new Agent(options);
    EventEmitter.call(this);
    const given = options ?? {};
    this.defaultPort = 80;
    this.protocol = 'http:';
    this.options = { path: null, noDelay: true, ...given };
    this.requests = {};
    this.sockets = {};
    this.freeSockets = {};
    this.keepAliveMsecs = given.keepAliveMsecs || 1000;
    this.keepAlive = given.keepAlive || false;
    this.maxSockets = given.maxSockets || Infinity;
    this.maxFreeSockets = given.maxFreeSockets || 256;
    this.scheduling = given.scheduling || 'lifo';
    this.maxTotalSockets = given.maxTotalSockets ?? Infinity;
    this.totalSocketCount = 0;
}

/** The agent of `https`. */
export function SecureAgent(options) {
    if (!(this instanceof SecureAgent)) return new SecureAgent(options);
    Agent.call(this, options);
    this.defaultPort = 443;
    this.protocol = 'https:';
    this.maxCachedSessions = this.options.maxCachedSessions ?? 100;
}

Object.setPrototypeOf(Agent.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Agent, EventEmitter);
Object.setPrototypeOf(SecureAgent.prototype, Agent.prototype);
Object.setPrototypeOf(SecureAgent, Agent);

Agent.prototype.getName = function getName(options = {}) {
    return `${options.host ?? 'localhost'}:${options.port ?? ''}:${options.localAddress ?? ''}`;
};
Agent.prototype.createConnection = function createConnection() {
    throw new Error('Connections cannot be made in an action: only requests');
};
Agent.prototype.destroy = function destroy() {};
