/**
 * Modules of what an action has not: they load, so that a package may import
 * them for what it does elsewhere, and say so when they are used.
 */
import { ERR_UNAVAILABLE } from '../errors.js';

const words = (text) => text.split(/\s+/).filter(Boolean);

/** A function that says it is not there. */
export function absentFunction(module, name) {
    return { [name]() { throw ERR_UNAVAILABLE(`${module}.${name}`); } }[name];
}

/** A class that can be extended, and says it is not there when one is made. */
export function absentClass(module, name, Base = Object) {
    const Absent = class extends Base {
        constructor() {
            super();
            throw ERR_UNAVAILABLE(`${module}.${name}`);
        }
    };
    Object.defineProperty(Absent, 'name', { value: name });
    return Absent;
}

/** A module of such functions and classes (names in words), with `more` besides. */
export function absentModule(module, { functions = '', classes = '', more = {} }) {
    const out = {};
    for (const name of words(functions)) out[name] = absentFunction(module, name);
    for (const name of words(classes)) out[name] = absentClass(module, name);
    return Object.assign(out, more);
}

/** The same as promises: a module whose functions reject. */
export function absentPromises(module, functions) {
    const out = {};
    for (const name of words(functions)) {
        out[name] = { async [name]() { throw ERR_UNAVAILABLE(`${module}.${name}`); } }[name];
    }
    return out;
}
