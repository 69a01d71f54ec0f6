/** The modules `http`, `https`, `timers` and `timers/promises`. */

import { nodeError } from './errors.js';
import { agents, ClientRequest } from './http_client.js';
import { validateHeaderName, validateHeaderValue } from './http_headers.js';
import { IncomingMessage } from './http_message.js';
import { Agent, SecureAgent } from './http_socket.js';
import { named } from './names.js';
import { METHODS, STATUS_CODES } from './http_status.js';

export { promises as timersPromises, timers } from './timers.js';

function notHere(name) {
    return function refused() {
        throw nodeError(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `${name} cannot be used in an action`);
    };
}

function client(scheme) {
    const request = (input, options, callback) => new ClientRequest(input, options, callback, scheme);
    const get = (input, options, callback) => {
        const sent = request(input, options, callback);
        sent.end();
        return sent;
    };
    return { request, get };
}

/** What a server would be; for `instanceof` and `extends`. */
class Server {
    constructor() {
        notHere('A server')();
    }
}
class ServerResponse {}
class OutgoingMessage {}

/** The module `http`. */
export const http = {
    _connectionListener: notHere('A server'),
    METHODS,
    STATUS_CODES,
    Agent,
    ClientRequest,
    IncomingMessage,
    OutgoingMessage,
    Server,
    ServerResponse,
    createServer: notHere('A server'),
    validateHeaderName,
    validateHeaderValue,
    ...client('http:'),
    setMaxIdleHTTPParsers() {},
    maxHeaderSize: 16384,
};

/** The module `https`. */
export const https = {
    Agent: SecureAgent,
    Server,
    createServer: notHere('A server'),
    ...client('https:'),
};

named(http);
named({ ...https, Agent: undefined });

// Packages replace an agent, or `request` itself, to watch requests.
for (const [module, scheme] of [
    [http, 'http:'],
    [https, 'https:'],
]) {
    Object.defineProperty(module, 'globalAgent', {
        configurable: true,
        enumerable: true,
        get: () => agents[scheme],
        set: (agent) => {
            agents[scheme] = agent;
        },
    });
}
