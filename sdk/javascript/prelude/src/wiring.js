// What the parts of the prelude add: globals, and Node's built-in modules.

import { install as installCrypto, nodeCrypto } from './crypto/index.js';
import * as node from './node/index.js';
import { install as installParity } from './parity/index.js';
import { http, https, timers, timersPromises } from './web/http.js';
import { install as installWeb } from './web/index.js';
import zlib from './zlib/index.js';

/** Functions `(target, host)` that define globals. */
export const installs = [installParity, installWeb, node.install, installCrypto];

/** Node's built-ins: name to a function that makes the module when it is first required. */
export const builtins = {
    ...node.builtins,
    crypto: () => nodeCrypto,
    http: () => http,
    https: () => https,
    timers: () => timers,
    'timers/promises': () => timersPromises,
    zlib: () => zlib,
};
