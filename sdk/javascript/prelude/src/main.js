// The prelude: evaluated once, when the engine is built. Its value is a function that gets the host and returns what
// the engine calls.

import * as hostCalls from './host_calls.js';
import * as version from './run.js';
import { installs } from './wiring.js';

const nativeRandom = () => {
    const bytes = host.random(8);
    const high = (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
    const low = (bytes[4] | (bytes[5] << 8) | (bytes[6] << 16)) >>> 0;
    // 53 bits: 29 of the one, 24 of the other.
    return ((high >>> 3) * 16777216 + low) / 9007199254740992;
};

let host;

/** Sets the prelude up. */
export default function prelude(given) {
    host = given;
    hostCalls.attach(host);
    version.attach(host);
    Math.random = function random() {
        return nativeRandom();
    };
    for (const install of installs) install(globalThis, host);
    return version;
}
