// The event of a run. It stays on the host: a top-level key is read and parsed when it is first looked at, so that an
// action pays for what it uses. Besides it is an ordinary object, the action's own: writable, and without any effect.

const { parse } = JSON;
const { hasOwn, keys: ObjectKeys } = Object;
const {
    defineProperty,
    deleteProperty,
    get: reflectGet,
    getOwnPropertyDescriptor,
    has: reflectHas,
    ownKeys,
    preventExtensions,
    set: reflectSet,
} = Reflect;

const pointer = (key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

class Lazy {
    constructor(host) {
        this.host = host;
        // What was looked for already: found, absent, or written or deleted by the action meanwhile.
        this.known = Object.create(null);
        this.complete = false;
    }

    put(target, key, value) {
        // The secrets of the modules stand beside the action's own; they are not for the action.
        if (key === 'secrets' && value !== null && typeof value === 'object') {
            for (const name of Object.keys(value)) if (typeof value[name] === 'object') delete value[name];
        }
        defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
    }

    load(target, key) {
        if (this.complete || typeof key !== 'string' || key in this.known) return;
        this.known[key] = true;
        const text = this.host.eventRead(pointer(key));
        if (text !== undefined) this.put(target, key, parse(text));
    }

    moveToEnd(target, key) {
        const seen = getOwnPropertyDescriptor(target, key);
        // What cannot be deleted stays where it is.
        if (seen.configurable && deleteProperty(target, key)) defineProperty(target, key, seen);
    }

    // Brings all keys in, in the host's order; what the action has seen or written stays as it is.
    loadAll(target) {
        if (this.complete) return;
        this.complete = true;
        const all = parse(this.host.eventRead('') ?? '{}');
        const added = ownKeys(target).filter((key) => !hasOwn(all, key));
        for (const key of ObjectKeys(all)) {
            if (hasOwn(target, key)) this.moveToEnd(target, key);
            else if (!(key in this.known)) this.put(target, key, all[key]);
        }
        for (const key of added) this.moveToEnd(target, key);
    }

    get(target, key, receiver) {
        this.load(target, key);
        return reflectGet(target, key, receiver);
    }

    set(target, key, value, receiver) {
        this.load(target, key);
        return reflectSet(target, key, value, receiver);
    }

    has(target, key) {
        this.load(target, key);
        return reflectHas(target, key);
    }

    deleteProperty(target, key) {
        this.load(target, key);
        return deleteProperty(target, key);
    }

    defineProperty(target, key, descriptor) {
        this.load(target, key);
        return defineProperty(target, key, descriptor);
    }

    getOwnPropertyDescriptor(target, key) {
        this.load(target, key);
        return getOwnPropertyDescriptor(target, key);
    }

    ownKeys(target) {
        this.loadAll(target);
        return ownKeys(target);
    }

    preventExtensions(target) {
        this.loadAll(target);
        return preventExtensions(target);
    }
}

/** A fresh event of a run. */
export function eventFor(host) {
    return new Proxy({}, new Lazy(host));
}
