/**
 * Node in an action: the table of built-in modules and the globals that come
 * with them. All of it is evaluated once, when the engine is built.
 */
import { constants as fsConstants } from './absent/fs.js';
import fs from './absent/fs.js';
import { dgram, dns, dnsPromises, http2, net, tls } from './absent/net.js';
import * as system from './absent/system.js';
import assert from './assert/index.js';
import { asyncHooks, diagnosticsChannel, perfHooks } from './async.js';
import { useNatives } from './buffer/encoding.js';
import { Buffer } from './buffer/index.js';
import buffer from './buffer/module.js';
import { createConsole, LEVEL } from './console.js';
import events from './events.js';
import os from './os.js';
import path from './path.js';
import process, { output } from './process.js';
import punycode from 'punycode/punycode.js';
import querystring from './querystring.js';
import stream, { consumers, web } from './stream.js';
import stringDecoder from './string_decoder.js';
import url from './url.js';
import util from './util.js';

const constants = { ...system.systemConstants, ...fsConstants };

/**
 * Built-in modules by name, without "node:". What other parts make joins it
 * there: crypto and zlib (../crypto/index.js), http, https, timers and
 * timers/promises (../web/http.js).
 * @type {Record<string, () => unknown>}
 */
export const builtins = {
    assert: () => assert,
    'assert/strict': () => assert.strict,
    async_hooks: () => asyncHooks,
    buffer: () => buffer,
    child_process: () => system.childProcess,
    cluster: () => system.cluster,
    console: () => globalThis.console,
    constants: () => constants,
    dgram: () => dgram,
    diagnostics_channel: () => diagnosticsChannel,
    dns: () => dns,
    'dns/promises': () => dnsPromises,
    domain: () => system.domain,
    events: () => events,
    fs: () => fs,
    'fs/promises': () => fs.promises,
    http2: () => http2,
    inspector: () => system.inspector,
    'inspector/promises': () => system.inspector,
    module: () => moduleModule(),
    net: () => net,
    os: () => os,
    path: () => path,
    'path/posix': () => path.posix,
    'path/win32': () => path.win32,
    perf_hooks: () => perfHooks,
    process: () => process,
    punycode: () => punycode,
    querystring: () => querystring,
    readline: () => system.readline,
    'readline/promises': () => system.readline.promises,
    repl: () => system.repl,
    stream: () => stream,
    'stream/consumers': () => consumers,
    'stream/promises': () => stream.promises,
    'stream/web': () => web,
    string_decoder: () => stringDecoder,
    sys: () => util,
    tls: () => tls,
    trace_events: () => system.traceEvents,
    tty: () => system.tty,
    url: () => url,
    util: () => util,
    'util/types': () => util.types,
    v8: () => system.v8,
    vm: () => system.vm,
    wasi: () => system.wasi,
    worker_threads: () => system.workerThreads,
    _stream_duplex: () => stream.Duplex,
    _stream_passthrough: () => stream.PassThrough,
    _stream_readable: () => stream.Readable,
    _stream_transform: () => stream.Transform,
    _stream_writable: () => stream.Writable,
};

/** Gives functions the names they are known by, where bundling had to change them ("Buffer2"). */
export function keepNames(module) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
        if (typeof value === 'function' && value.name !== name && value.name.replace(/\d+$/, '') === name) {
            Object.defineProperty(value, 'name', { value: name, configurable: true });
        }
    }
}
for (const [name, make] of Object.entries(builtins)) if (name !== 'console' && name !== 'module') keepNames(make());

let moduleCache;

function moduleModule() {
    moduleCache ??= system.moduleOf((name) => {
        const builtin = builtins[`${name}`.replace(/^node:/, '')];
        if (builtin !== undefined) return builtin();
        throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
    }, Object.keys(builtins));
    return moduleCache;
}

function define(target, name, value) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

/** Text of process.stdout and stderr: a line of the log for every line of it. */
function standardOutput(log) {
    return (isError, text) => {
        const lines = text.replace(/\n$/, '');
        if (lines !== '') log(isError ? LEVEL.error : LEVEL.info, lines);
    };
}

/**
 * Puts Node's globals on the global object.
 * @param {object} target the global object
 * @param {{ log(level: number, text: string): void, bytes?: object, text?: object }} host
 */
export function install(target, host) {
    useNatives({ ...host.bytes, base64Decode: host.text?.fromBase64 });
    const log = (level, text) => host.log(level, text);
    output.write = standardOutput(log);
    define(target, 'Buffer', Buffer);
    define(target, 'process', process);
    define(target, 'global', target);
    define(target, 'console', createConsole(log, (text) => process.emitWarning(text)));
}
