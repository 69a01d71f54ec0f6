/** Node's `events`: EventEmitter, `once`, `on` and their friends. */
import {
    AbortError, ERR_INVALID_ARG_TYPE, ERR_UNHANDLED_ERROR,
} from './errors.js';
import { inspect } from './inspect.js';
import { validateAbortSignal, validateBoolean, validateFunction, validateNumber, validateString } from './validators.js';

const kCapture = Symbol('kCapture');
const kShapeMode = Symbol('shapeMode');
const kRejection = Symbol.for('nodejs.rejection');
const kErrorMonitor = Symbol('events.errorMonitor');
let defaultMaxListeners = 10;
/** Where warnings go; process.emitWarning once there is one. */
export const warnings = { emit: undefined };

/** The base class of everything with `on` and `emit`; callable without `new`, as old code inherits. */
export function EventEmitter(options) {
    EventEmitter.init.call(this, options);
}

EventEmitter.init = function init(options) {
    if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
        this._events = { __proto__: null };
        this._eventsCount = 0;
    }
    this._maxListeners = this._maxListeners || undefined;
    this[kShapeMode] = false;
    if (options?.captureRejections) {
        validateBoolean(options.captureRejections, 'options.captureRejections');
        this[kCapture] = Boolean(options.captureRejections);
    } else this[kCapture] = EventEmitter.prototype[kCapture];
};

const proto = EventEmitter.prototype;
proto._events = undefined;
proto._eventsCount = 0;
proto._maxListeners = undefined;
Object.defineProperty(proto, kCapture, { value: false, writable: true, enumerable: false });

function checkListener(listener) {
    validateFunction(listener, 'listener');
}

function limitOf(emitter) {
    return emitter._maxListeners === undefined ? defaultMaxListeners : emitter._maxListeners;
}

proto.setMaxListeners = function setMaxListeners(n) {
    validateNumber(n, 'setMaxListeners', 0);
    this._maxListeners = n;
    return this;
};

proto.getMaxListeners = function getMaxListeners() {
    return limitOf(this);
};

function reportRejection(emitter, error, type, args) {
    if (typeof emitter[kRejection] === 'function') emitter[kRejection](error, type, ...args);
    else {
        const before = emitter[kCapture];
        try {
            emitter[kCapture] = false;
            emitter.emit('error', error);
        } finally {
            emitter[kCapture] = before;
        }
    }
}

function call(emitter, listener, type, args) {
    const result = Reflect.apply(listener, emitter, args);
    if (result == null || !emitter[kCapture]) return;
    const { then } = result;
    if (typeof then === 'function') {
        then.call(result, undefined, (error) => queueMicrotask(() => reportRejection(emitter, error, type, args)));
    }
}

function unhandled(error) {
    if (error instanceof Error) return error;
    let shown;
    try { shown = inspect(error); } catch { shown = error; }
    const wrapped = ERR_UNHANDLED_ERROR(shown);
    wrapped.context = error;
    return wrapped;
}

proto.emit = function emit(type, ...args) {
    const events = this._events;
    if (type === 'error') {
        if (events !== undefined && events[kErrorMonitor] !== undefined) this.emit(kErrorMonitor, ...args);
        if (events === undefined || events.error === undefined) throw unhandled(args[0]);
    } else if (events === undefined) return false;
    const handler = events[type];
    if (handler === undefined) return false;
    if (typeof handler === 'function') call(this, handler, type, args);
    else for (const listener of [...handler]) call(this, listener, type, args);
    return true;
};

function warnOfLeak(emitter, type, list) {
    const limit = limitOf(emitter);
    if (limit <= 0 || list.length <= limit || list.warned) return;
    list.warned = true;
    const warning = new Error(
        `Possible EventEmitter memory leak detected. ${list.length} ${String(type)} listeners `
        + `added to ${inspect(emitter, { depth: -1 })}. Use emitter.setMaxListeners() to increase limit`,
    );
    Object.assign(warning, { name: 'MaxListenersExceededWarning', emitter, type, count: list.length });
    warnings.emit?.(warning);
}

function add(emitter, type, listener, first) {
    checkListener(listener);
    let events = emitter._events;
    if (events === undefined) {
        events = emitter._events = { __proto__: null };
        emitter._eventsCount = 0;
    } else if (events.newListener !== undefined) {
        emitter.emit('newListener', type, listener.listener ?? listener);
        events = emitter._events;
    }
    const existing = events[type];
    if (existing === undefined) {
        events[type] = listener;
        ++emitter._eventsCount;
        return emitter;
    }
    if (typeof existing === 'function') events[type] = first ? [listener, existing] : [existing, listener];
    else if (first) existing.unshift(listener);
    else existing.push(listener);
    warnOfLeak(emitter, type, events[type]);
    return emitter;
}

proto.addListener = function addListener(type, listener) {
    return add(this, type, listener, false);
};
proto.on = proto.addListener;
proto.prependListener = function prependListener(type, listener) {
    return add(this, type, listener, true);
};

function onceWrap(emitter, type, listener) {
    let fired = false;
    const wrapped = function onceWrapper(...args) {
        if (fired) return undefined;
        emitter.removeListener(type, wrapped);
        fired = true;
        return listener.apply(emitter, args);
    };
    Object.defineProperty(wrapped, 'name', { value: 'bound onceWrapper' });
    wrapped.listener = listener;
    return wrapped;
}

proto.once = function once(type, listener) {
    checkListener(listener);
    return this.on(type, onceWrap(this, type, listener));
};
proto.prependOnceListener = function prependOnceListener(type, listener) {
    checkListener(listener);
    return this.prependListener(type, onceWrap(this, type, listener));
};

proto.removeListener = function removeListener(type, listener) {
    checkListener(listener);
    const events = this._events;
    const list = events?.[type];
    if (list === undefined) return this;
    let removed = listener;
    if (list === listener || list.listener === listener) {
        removed = list.listener ?? listener;
        this._eventsCount -= 1;
        if (this._eventsCount === 0) this._events = { __proto__: null };
        else delete events[type];
    } else if (typeof list !== 'function') {
        let at = list.length - 1;
        while (at >= 0 && list[at] !== listener && list[at].listener !== listener) at--;
        if (at < 0) return this;
        list.splice(at, 1);
        if (list.length === 1) [events[type]] = list;
    } else return this;
    if (events.removeListener !== undefined) this.emit('removeListener', type, removed);
    return this;
};
proto.off = proto.removeListener;

proto.removeAllListeners = function removeAllListeners(type) {
    const events = this._events;
    if (events === undefined) return this;
    if (events.removeListener === undefined) {
        if (arguments.length === 0) {
            this._events = { __proto__: null };
            this._eventsCount = 0;
        } else if (events[type] !== undefined) {
            if (--this._eventsCount === 0) this._events = { __proto__: null };
            else delete events[type];
        }
        return this;
    }
    if (arguments.length === 0) {
        for (const key of Reflect.ownKeys(events)) if (key !== 'removeListener') this.removeAllListeners(key);
        this.removeAllListeners('removeListener');
        this._events = { __proto__: null };
        this._eventsCount = 0;
        return this;
    }
    for (const listener of listOf(this, type, false).reverse()) this.removeListener(type, listener);
    return this;
};

function listOf(emitter, type, unwrap) {
    const found = emitter._events?.[type];
    if (found === undefined) return [];
    const list = typeof found === 'function' ? [found] : [...found];
    return unwrap ? list.map((one) => one.listener ?? one) : list;
}

proto.listeners = function listeners(type) {
    return listOf(this, type, true);
};
proto.rawListeners = function rawListeners(type) {
    return listOf(this, type, false);
};
proto.listenerCount = function listenerCount(type, listener) {
    const list = listOf(this, type, false);
    return listener == null ? list.length : list.filter((one) => one === listener || one.listener === listener).length;
};
proto.eventNames = function eventNames() {
    return this._eventsCount > 0 ? Reflect.ownKeys(this._events) : [];
};

function isTarget(value) {
    return typeof value?.addEventListener === 'function';
}

function listen(emitter, name, listener, options) {
    if (typeof emitter?.on === 'function') {
        if (options?.once) emitter.once(name, listener);
        else emitter.on(name, listener);
    } else if (isTarget(emitter)) emitter.addEventListener(name, listener, options);
    else throw ERR_INVALID_ARG_TYPE('emitter', 'EventEmitter', emitter);
}

function unlisten(emitter, name, listener) {
    if (typeof emitter.removeListener === 'function') emitter.removeListener(name, listener);
    else emitter.removeEventListener(name, listener);
}

/** A promise of the next event's arguments. */
export async function once(emitter, name, options = {}) {
    const signal = options?.signal;
    validateAbortSignal(signal, 'options.signal');
    if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
    return new Promise((resolve, reject) => {
        const cleanUp = () => {
            unlisten(emitter, name, succeed);
            if (name !== 'error' && !isTarget(emitter)) unlisten(emitter, 'error', fail);
            signal?.removeEventListener('abort', abort);
        };
        const succeed = (...args) => { cleanUp(); resolve(args); };
        const fail = (error) => { cleanUp(); reject(error); };
        const abort = () => { cleanUp(); reject(new AbortError(undefined, { cause: signal.reason })); };
        listen(emitter, name, succeed, { once: true });
        if (name !== 'error' && typeof emitter.once === 'function') emitter.once('error', fail);
        signal?.addEventListener('abort', abort, { once: true });
    });
}

/** An async iterator over an emitter's events. */
export function on(emitter, name, options = {}) {
    const signal = options?.signal;
    validateAbortSignal(signal, 'options.signal');
    if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
    const ready = [];
    const waiting = [];
    let failure;
    let finished = false;
    const push = (...args) => {
        if (waiting.length > 0) waiting.shift().resolve({ value: args, done: false });
        else ready.push(args);
    };
    const fail = (error) => {
        if (waiting.length > 0) waiting.shift().reject(error);
        else failure = error;
        iterator.return();
    };
    const abort = () => fail(new AbortError(undefined, { cause: signal.reason }));
    const iterator = {
        next() {
            if (ready.length > 0) return Promise.resolve({ value: ready.shift(), done: false });
            if (failure) {
                const error = failure;
                failure = undefined;
                return Promise.reject(error);
            }
            if (finished) return Promise.resolve({ value: undefined, done: true });
            return new Promise((resolve, reject) => { waiting.push({ resolve, reject }); });
        },
        return() {
            unlisten(emitter, name, push);
            if (!isTarget(emitter)) unlisten(emitter, 'error', fail);
            signal?.removeEventListener('abort', abort);
            finished = true;
            for (const one of waiting.splice(0)) one.resolve({ value: undefined, done: true });
            return Promise.resolve({ value: undefined, done: true });
        },
        throw(error) {
            if (!error || !(error instanceof Error)) {
                throw ERR_INVALID_ARG_TYPE('EventEmitter.AsyncIterator', 'Error', error);
            }
            fail(error);
        },
        [Symbol.asyncIterator]() { return this; },
    };
    listen(emitter, name, push);
    if (name !== 'error' && typeof emitter.on === 'function') emitter.on('error', fail);
    for (const end of options.close ?? []) listen(emitter, end, () => iterator.return());
    signal?.addEventListener('abort', abort, { once: true });
    return iterator;
}

function getEventListeners(emitter, type) {
    if (typeof emitter?.listeners === 'function') return emitter.listeners(type);
    if (isTarget(emitter)) return [];
    throw ERR_INVALID_ARG_TYPE('emitter', ['EventEmitter', 'EventTarget'], emitter);
}

function getMaxListeners(emitter) {
    if (typeof emitter?.getMaxListeners === 'function') return limitOf(emitter);
    if (isTarget(emitter)) return defaultMaxListeners;
    throw ERR_INVALID_ARG_TYPE('emitter', ['EventEmitter', 'EventTarget'], emitter);
}

function setMaxListeners(n = defaultMaxListeners, ...targets) {
    validateNumber(n, 'setMaxListeners', 0);
    if (targets.length === 0) defaultMaxListeners = n;
    for (const target of targets) {
        if (typeof target.setMaxListeners === 'function') target.setMaxListeners(n);
        else if (!isTarget(target)) throw ERR_INVALID_ARG_TYPE('eventTargets', ['EventEmitter', 'EventTarget'], target);
    }
}

function listenerCount(emitter, type) {
    return typeof emitter.listenerCount === 'function' ? emitter.listenerCount(type) : proto.listenerCount.call(emitter, type);
}

function addAbortListener(signal, listener) {
    if (signal === undefined) throw ERR_INVALID_ARG_TYPE('signal', 'AbortSignal', signal);
    validateAbortSignal(signal, 'signal');
    validateFunction(listener, 'listener');
    let remove;
    if (signal.aborted) queueMicrotask(() => listener());
    else {
        signal.addEventListener('abort', listener, { once: true });
        remove = () => signal.removeEventListener('abort', listener);
    }
    return { __proto__: null, [Symbol.dispose ?? Symbol.for('nodejs.dispose')]() { remove?.(); } };
}

/** An emitter that names itself for async_hooks; nothing is traced here. */
class EventEmitterAsyncResource extends EventEmitter {
    constructor(options) {
        super(typeof options === 'string' ? undefined : options);
        const name = typeof options === 'string' ? options : options?.name ?? new.target.name;
        validateString(name, 'options.name');
    }

    emitDestroy() {}

    get asyncId() { return 1; }

    get triggerAsyncId() { return 0; }
}

Object.assign(EventEmitter, {
    addAbortListener, once, on, getEventListeners, getMaxListeners, EventEmitter,
    usingDomains: false, captureRejectionSymbol: kRejection, captureRejections: false,
    EventEmitterAsyncResource, errorMonitor: kErrorMonitor, setMaxListeners, listenerCount,
});
Object.defineProperties(EventEmitter, {
    captureRejections: {
        enumerable: true, configurable: true,
        get() { return proto[kCapture]; },
        set(value) {
            validateBoolean(value, 'EventEmitter.captureRejections');
            proto[kCapture] = value;
        },
    },
    defaultMaxListeners: {
        enumerable: true, configurable: true,
        get() { return defaultMaxListeners; },
        set(value) {
            validateNumber(value, 'defaultMaxListeners', 0);
            defaultMaxListeners = value;
        },
    },
});

export default EventEmitter;
