/** Processes, threads, terminals and the engine's insides. */
import { EventEmitter } from '../events.js';
import os from '../os.js';
import { absentClass, absentFunction, absentModule } from './make.js';

export const childProcess = absentModule('child_process', {
    functions: 'exec execFile execFileSync execSync fork spawn spawnSync', classes: 'ChildProcess',
});

export const cluster = Object.assign(new EventEmitter(), absentModule('cluster', {
    functions: 'fork',
    classes: 'Worker',
    more: {
        isWorker: false, isMaster: true, isPrimary: true, workers: {}, settings: {}, SCHED_NONE: 1, SCHED_RR: 2,
        schedulingPolicy: 2, setupPrimary() {}, setupMaster() {}, disconnect() {},
    },
}));

export const workerThreads = absentModule('worker_threads', {
    functions: 'moveMessagePortToContext receiveMessageOnPort postMessageToThread',
    classes: 'Worker',
    more: {
        isMainThread: true, resourceLimits: {}, threadId: 0, SHARE_ENV: Symbol.for('nodejs.worker_threads.SHARE_ENV'),
        parentPort: null, workerData: null, markAsUntransferable() {}, setEnvironmentData() {}, getEnvironmentData() {},
    },
});
for (const name of ['MessagePort', 'MessageChannel', 'BroadcastChannel']) {
    Object.defineProperty(workerThreads, name, {
        enumerable: true, configurable: true,
        get: () => globalThis[name] ?? absentClass('worker_threads', name),
    });
}

const evaluate = (code) => (0, eval)(code);

/** Scripts of this very context can be run; other contexts there are none. */
class Script {
    #code;

    constructor(code) {
        this.#code = `${code}`;
    }

    runInThisContext() { return evaluate(this.#code); }

    runInContext() { return absentFunction('vm.Script', 'runInContext')(); }

    runInNewContext() { return absentFunction('vm.Script', 'runInNewContext')(); }

    createCachedData() { return absentFunction('vm.Script', 'createCachedData')(); }
}
export const vm = absentModule('vm', {
    functions: 'createContext runInContext runInNewContext compileFunction measureMemory',
    more: {
        Script, createScript: (code) => new Script(code), runInThisContext: evaluate, isContext: () => false, constants: {},
    },
});

const heap = () => ({
    total_heap_size: 33554432, total_heap_size_executable: 0, total_physical_size: 33554432, total_available_size: 33554432,
    used_heap_size: 16777216, heap_size_limit: 67108864, malloced_memory: 0, peak_malloced_memory: 0, does_zap_garbage: 0,
    number_of_native_contexts: 1, number_of_detached_contexts: 0, total_global_handles_size: 0, used_global_handles_size: 0,
    external_memory: 0,
});
export const v8 = absentModule('v8', {
    functions: 'getHeapSnapshot deserialize serialize writeHeapSnapshot queryObjects takeCoverage stopCoverage',
    classes: 'Serializer Deserializer DefaultSerializer DefaultDeserializer GCProfiler',
    more: {
        cachedDataVersionTag: () => 0, getHeapStatistics: heap, getHeapSpaceStatistics: () => [],
        getHeapCodeStatistics: () => ({}), setFlagsFromString() {}, setHeapSnapshotNearHeapLimit() {},
        startupSnapshot: { isBuildingSnapshot: () => false }, promiseHooks: {},
    },
});

export const tty = absentModule('tty', { classes: 'ReadStream WriteStream', more: { isatty: () => false } });
export const readline = absentModule('readline', {
    functions: 'createInterface emitKeypressEvents',
    more: {
        Interface: absentClass('readline', 'Interface', EventEmitter),
        clearLine: () => true, clearScreenDown: () => true, cursorTo: () => true, moveCursor: () => true,
        promises: absentModule('readline.promises', { functions: 'createInterface', classes: 'Interface Readline' }),
    },
});
export const inspector = absentModule('inspector', {
    functions: 'open waitForDebugger', classes: 'Session', more: { close() {}, url: () => undefined, console: {} },
});
export const repl = absentModule('repl', { functions: 'start writer', classes: 'REPLServer Recoverable' });
export const domain = absentModule('domain', { functions: 'create createDomain', classes: 'Domain', more: { active: null } });
export const traceEvents = absentModule('trace_events', { functions: 'createTracing', more: { getEnabledCategories: () => undefined } });
export const wasi = absentModule('wasi', { classes: 'WASI' });

/** `module`: no loading of files; createRequire gives the built-ins. */
export function moduleOf(require, names) {
    const Module = absentClass('module', 'Module');
    return Object.assign(Module, absentModule('module', {
        functions: '_load _resolveFilename _findPath runMain register',
        more: {
            builtinModules: names, createRequire: () => require, Module, _cache: {}, _extensions: {}, _pathCache: {},
            isBuiltin: (name) => names.includes(`${name}`.replace(/^node:/, '')),
            _nodeModulePaths: () => [], syncBuiltinESMExports() {}, findSourceMap: () => undefined, globalPaths: [],
            wrap: (script) => `(function (exports, require, module, __filename, __dirname) { ${script}\n});`,
        },
    }));
}

export const systemConstants = { ...os.constants.errno, ...os.constants.priority, ...os.constants.signals };
