/** `async_hooks`, `diagnostics_channel` and `perf_hooks`. */
import { validateFunction } from './validators.js';

/**
 * A store for what runs inside `run`. The engine tells nothing of the chain of
 * promises; since an instance serves one login, the store stays until what
 * `run` returned has settled, which is the same for code that is awaited.
 */
class AsyncLocalStorage {
    #store;

    static bind(fn) {
        return fn;
    }

    static snapshot() {
        return (fn, ...args) => fn(...args);
    }

    getStore() { return this.#store; }

    enterWith(store) { this.#store = store; }

    disable() { this.#store = undefined; }

    run(store, callback, ...args) {
        const before = this.#store;
        this.#store = store;
        let settles = false;
        try {
            const result = Reflect.apply(callback, null, args);
            if (typeof result?.then === 'function') {
                settles = true;
                const restore = () => { this.#store = before; };
                result.then(restore, restore);
            }
            return result;
        } finally {
            if (!settles) this.#store = before;
        }
    }

    exit(callback, ...args) {
        return this.run(undefined, callback, ...args);
    }
}

class AsyncResource {
    constructor(type) {
        this.type = type;
    }

    static bind(fn, type, thisArg) {
        return thisArg === undefined ? fn : fn.bind(thisArg);
    }

    bind(fn, thisArg) { return fn.bind(thisArg ?? this); }

    runInAsyncScope(fn, thisArg, ...args) { return Reflect.apply(fn, thisArg, args); }

    emitDestroy() { return this; }

    asyncId() { return 1; }

    triggerAsyncId() { return 0; }
}

export const asyncHooks = {
    AsyncLocalStorage,
    AsyncResource,
    createHook: () => {
        const hook = { enable: () => hook, disable: () => hook };
        return hook;
    },
    executionAsyncId: () => 1,
    triggerAsyncId: () => 0,
    executionAsyncResource: () => ({}),
    asyncWrapProviders: {},
};

class Channel {
    #subscribers = [];

    constructor(name) {
        this.name = name;
    }

    get hasSubscribers() { return this.#subscribers.length > 0; }

    subscribe(fn) {
        validateFunction(fn, 'subscription');
        this.#subscribers = [...this.#subscribers, fn];
    }

    unsubscribe(fn) {
        const at = this.#subscribers.indexOf(fn);
        if (at < 0) return false;
        this.#subscribers = this.#subscribers.toSpliced(at, 1);
        return true;
    }

    publish(message) {
        for (const fn of this.#subscribers) fn(message, this.name);
    }

    bindStore() {}

    unbindStore() {}

    runStores(context, fn, thisArg, ...args) {
        this.publish(context);
        return Reflect.apply(fn, thisArg, args);
    }
}

const channels = new Map();
const PHASES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];

function channel(name) {
    if (!channels.has(name)) channels.set(name, new Channel(name));
    return channels.get(name);
}

class TracingChannel {
    constructor(nameOrChannels) {
        for (const phase of PHASES) {
            this[phase] = typeof nameOrChannels === 'string' ? channel(`tracing:${nameOrChannels}:${phase}`) : nameOrChannels[phase];
        }
    }

    get hasSubscribers() { return PHASES.some((phase) => this[phase]?.hasSubscribers); }

    subscribe(handlers) {
        for (const phase of PHASES) if (handlers[phase]) this[phase]?.subscribe(handlers[phase]);
    }

    unsubscribe(handlers) {
        return PHASES.every((phase) => !handlers[phase] || this[phase]?.unsubscribe(handlers[phase]));
    }

    traceSync(fn, context = {}, thisArg = undefined, ...args) {
        return this.start.runStores(context, () => {
            try {
                return (context.result = Reflect.apply(fn, thisArg, args));
            } catch (error) {
                context.error = error;
                this.error.publish(context);
                throw error;
            } finally {
                this.end.publish(context);
            }
        });
    }

    async tracePromise(fn, context = {}, thisArg = undefined, ...args) {
        return this.traceSync(fn, context, thisArg, ...args);
    }

    traceCallback(fn, position, context, thisArg, ...args) {
        return this.traceSync(fn, context, thisArg, ...args);
    }
}

export const diagnosticsChannel = {
    channel,
    hasSubscribers: (name) => channels.get(name)?.hasSubscribers ?? false,
    subscribe: (name, fn) => channel(name).subscribe(fn),
    unsubscribe: (name, fn) => channel(name).unsubscribe(fn),
    tracingChannel: (name) => new TracingChannel(name),
    Channel,
};

class PerformanceObserver {
    static supportedEntryTypes = [];

    observe() {}

    disconnect() {}

    takeRecords() { return []; }
}

const histogram = () => ({
    min: 0, max: 0, mean: 0, stddev: 0, exceeds: 0, count: 0, percentiles: new Map(),
    percentile: () => 0, reset() {}, record() {}, recordDelta() {}, enable: () => true, disable: () => true,
});

export const perfHooks = {
    PerformanceObserver,
    PerformanceObserverEntryList: class {},
    monitorEventLoopDelay: histogram,
    createHistogram: histogram,
    constants: {},
};
for (const name of ['performance', 'Performance', 'PerformanceEntry', 'PerformanceMark', 'PerformanceMeasure', 'PerformanceResourceTiming']) {
    Object.defineProperty(perfHooks, name, { enumerable: true, configurable: true, get: () => globalThis[name] });
}
