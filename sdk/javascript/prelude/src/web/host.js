/**
 * What this folder asks of Rust and of the host. The object is given once, when the prelude is evaluated.
 */

/** @type {any} The object `host`; `undefined` before `bind`. */
export let host;

/**
 * Gives the folder its host.
 * @param {object} given - the object `host` of the engine
 */
export function bind(given) {
    host = given;
}

/**
 * Whether a top level is being loaded: then the host answers no call.
 * @returns {boolean}
 */
export function loading() {
    return Boolean(host?.loading?.());
}
