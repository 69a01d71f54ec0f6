// What `require` finds: Actions Modules, Node's built-ins, and the version's bundle of npm packages.

import { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_UNKNOWN_BUILTIN_MODULE } from './node/errors.js';
import { builtins } from './wiring.js';

const loaded = new Map();
let fromBundle = null;
let scripts = new Map();

/** What stacks call the npm packages. */
export const BUNDLE = 'dependencies.js';
const WRAPPER = '(function (exports, require, module, __filename, __dirname, actions) {';

/** CommonJS source as a script whose value is its function; its first line has the number 1, as it has for QuickJS. */
export const wrapped = (source) => ({ text: `${WRAPPER}${source}\n})`, line: 1 });

/** A stack with the columns of first lines as they are in the source. */
export const unwrapped = (stack) =>
    stack.replace(/([^\s(]+):1:(\d+)/g, (place, file, column) =>
        file === BUNDLE || Number(column) <= WRAPPER.length ? place : `${file}:1:${column - WRAPPER.length}`,
    );

/** Starts over with a version's parts: functions of Actions Modules by name, and of its bundle. */
export function provide(modules, bundle) {
    scripts = modules;
    fromBundle = bundle === undefined ? null : bundle(requireBuiltin);
}

function missing(name) {
    if (name.startsWith('node:')) return ERR_UNKNOWN_BUILTIN_MODULE(name);
    const error = new Error(`Cannot find module '${name}'\nRequire stack:\n- action.js`);
    error.code = 'MODULE_NOT_FOUND';
    error.requireStack = ['action.js'];
    return error;
}

const builtinName = (name) => (name.startsWith('node:') ? name.slice(5) : name);

function requireBuiltin(name) {
    const known = builtinName(name);
    if (!Object.hasOwn(builtins, known)) throw missing(name);
    let found = loaded.get(known);
    if (found === undefined) {
        found = builtins[known]();
        loaded.set(known, found);
    }
    return found;
}

/** Evaluates CommonJS code, which may require otherwise; what it exports. */
export function evaluate(script, file, actions, using = require) {
    const module = { exports: {}, id: file, filename: file, loaded: false, children: [], paths: [] };
    script.call(module.exports, module.exports, using, module, file, '/', actions);
    module.loaded = true;
    return module.exports;
}

function requireModule(name) {
    let found = loaded.get(name);
    if (found === undefined) {
        const script = scripts.get(name);
        if (script === undefined) throw missing(name);
        found = evaluate(script, `${name.slice('actions:'.length)}.js`, moduleActions(name));
        loaded.set(name, found);
    }
    return found;
}

// A module's secrets are those of the login that runs: there are none while it is loaded.
function secretsOf(name) {
    let read;
    const values = () => {
        if (host === undefined || host.loading()) return {};
        read ??= JSON.parse(host.eventRead(`/secrets/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`) ?? '{}');
        return read;
    };
    const target = {};
    return new Proxy(target, {
        get: (_, key) => (Object.hasOwn(values(), key) ? values()[key] : target[key]),
        has: (_, key) => key in values(),
        ownKeys: () => Reflect.ownKeys(values()),
        getOwnPropertyDescriptor: (_, key) => {
            const found = Reflect.getOwnPropertyDescriptor(values(), key);
            return found && { ...found, configurable: true };
        },
    });
}

let host;
/** Gives this file the host. */
export function attach(given) {
    host = given;
}

let moduleActions = (name) => ({ secrets: secretsOf(name) });
/** Sets what a module sees as `actions`: its own secrets. */
export function setModuleActions(make) {
    moduleActions = make;
}

/** `require` of actions and modules. */
export function require(name) {
    if (typeof name !== 'string') throw ERR_INVALID_ARG_TYPE('id', 'string', name);
    if (name === '') throw ERR_INVALID_ARG_VALUE('id', name, 'must be a non-empty string');
    if (name.startsWith('actions:')) return requireModule(name);
    if (Object.hasOwn(builtins, builtinName(name))) return requireBuiltin(name);
    if (fromBundle !== null) return fromBundle(name);
    throw missing(name);
}

require.resolve = (name) => name;
require.cache = Object.create(null);
require.main = undefined;
