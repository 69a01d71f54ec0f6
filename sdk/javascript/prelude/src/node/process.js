/** Node's `process`: no environment, no system around it; the clock is the run's. */
import { Buffer } from './buffer/index.js';
import { ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_UNAVAILABLE } from './errors.js';
import { EventEmitter, warnings } from './events.js';
import { validateFunction } from './validators.js';

/** The release whose surface Auth0's `node22` has. */
const VERSION = '22.21.1';

/** Where text for stdout (false) and stderr (true) goes; the console sets it. */
export const output = { write: undefined };

/** The class that `process` says it is of. */
const Process = { process() {} }.process;
const proto = Object.create(EventEmitter.prototype, { constructor: { value: Process, writable: true, configurable: true } });
Object.defineProperty(Process, 'prototype', { value: proto });
const process = Object.create(proto);
EventEmitter.call(process);
Object.defineProperty(process, Symbol.toStringTag, { value: 'process', configurable: true });

function hrtime(previous) {
    const now = Date.now();
    const time = [Math.floor(now / 1000), (now % 1000) * 1e6];
    if (previous === undefined) return time;
    if (!Array.isArray(previous)) throw ERR_INVALID_ARG_TYPE('time', 'Array', previous);
    if (previous.length !== 2) throw ERR_OUT_OF_RANGE('time', 2, previous.length);
    const nanos = time[1] - previous[1];
    const seconds = time[0] - previous[0];
    return nanos < 0 ? [seconds - 1, nanos + 1e9] : [seconds, nanos];
}
hrtime.bigint = function bigint() {
    return BigInt(Date.now()) * 1000000n;
};

// What `nextTick` was given. As handlers run inside of a promise's job, Node turns to it when no job is left.
let ticks = [];

/** Whether there is an event loop: a module's top level has none. */
export const loop = { runs: false };

/** Runs what `nextTick` was given. False when that was nothing. */
export function runTicks() {
    if (ticks.length === 0) return false;
    const due = ticks;
    ticks = [];
    for (let at = 0; at < due.length; at += 1) due[at]();
    return true;
}

function nextTick(callback, ...args) {
    validateFunction(callback, 'callback');
    const tick = () => {
        try {
            callback(...args);
        } catch (error) {
            uncaught(error);
        }
    };
    if (loop.runs) ticks.push(tick);
    else queueMicrotask(tick);
}

/** What nobody catches ends the run, as it ends a process: a turn of its own throws it. */
function uncaught(error) {
    if (process.listenerCount('uncaughtException') > 0) process.emit('uncaughtException', error, 'uncaughtException');
    else {
        setImmediate(() => {
            throw error;
        });
    }
}

export function emitWarning(warning, type, code) {
    const options = type !== null && typeof type === 'object' ? type : { type, code };
    let error = warning;
    if (typeof warning === 'string') {
        error = Object.assign(new Error(warning), { name: String(options.type ?? 'Warning') });
        if (typeof options.code === 'string') error.code = options.code;
        if (options.detail !== undefined) error.detail = options.detail;
    } else if (!(warning instanceof Error)) throw ERR_INVALID_ARG_TYPE('warning', ['string', 'Error'], warning);
    nextTick(() => {
        const tag = error.code ? ` [${error.code}]` : '';
        output.write?.(true, `(node:1)${tag} ${error.toString()}\n`);
        process.emit('warning', error);
    });
}
warnings.emit = emitWarning;

function unavailable(name) {
    return { [name]() { throw ERR_UNAVAILABLE(`process.${name}`); } }[name];
}

function standard(fd, isError) {
    const stream = new EventEmitter();
    return Object.assign(stream, {
        fd, writable: true, isTTY: undefined, columns: undefined, _isStdio: true,
        write(chunk, encoding, callback) {
            output.write?.(isError, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
            const done = typeof encoding === 'function' ? encoding : callback;
            if (typeof done === 'function') nextTick(done);
            return true;
        },
        end(chunk) {
            if (chunk !== undefined) stream.write(chunk);
            return stream;
        },
        getColorDepth: () => 1,
        hasColors: () => false,
        cork() {}, uncork() {},
        destroy: () => stream,
    });
}

const memory = () => ({ rss: 67108864, heapTotal: 33554432, heapUsed: 16777216, external: 0, arrayBuffers: 0 });
memory.rss = () => 67108864;

Object.assign(process, {
    version: `v${VERSION}`,
    versions: { node: VERSION, v8: '12.4.254.21-node.33', uv: '1.51.0', zlib: '1.3.1', modules: '127', openssl: '3.0.17', unicode: '16.0' },
    arch: 'x64',
    platform: 'linux',
    release: { name: 'node', lts: 'Jod' },
    title: 'node',
    argv: ['node', 'action.js'],
    argv0: 'node',
    execArgv: [],
    execPath: '/usr/local/bin/node',
    env: {},
    pid: 1,
    ppid: 0,
    exitCode: undefined,
    debugPort: 9229,
    config: { target_defaults: {}, variables: {} },
    features: { inspector: false, debug: false, uv: true, ipv6: true, tls_alpn: true, tls_sni: true, tls_ocsp: true, tls: true },
    allowedNodeEnvironmentFlags: new Set(),
    report: {},
    hrtime,
    nextTick,
    emitWarning,
    uptime: () => 0,
    memoryUsage: memory,
    constrainedMemory: () => 67108864,
    availableMemory: () => 67108864,
    cpuUsage: () => ({ user: 0, system: 0 }),
    resourceUsage: () => ({ userCPUTime: 0, systemCPUTime: 0, maxRSS: 0 }),
    cwd: () => '/',
    umask: () => 0o22,
    getuid: () => 1000,
    geteuid: () => 1000,
    getgid: () => 1000,
    getegid: () => 1000,
    getgroups: () => [1000],
    getActiveResourcesInfo: () => [],
    hasUncaughtExceptionCaptureCallback: () => false,
    setUncaughtExceptionCaptureCallback() {},
    setSourceMapsEnabled() {},
    binding: unavailable('binding'),
    dlopen: unavailable('dlopen'),
    exit: unavailable('exit'),
    abort: unavailable('abort'),
    kill: unavailable('kill'),
    chdir: unavailable('chdir'),
    loadEnvFile: unavailable('loadEnvFile'),
    stdout: standard(1, false),
    stderr: standard(2, true),
    stdin: Object.assign(new EventEmitter(), { fd: 0, readable: false, isTTY: undefined, resume() {}, pause() {}, setEncoding() {} }),
});

export default process;
