// What the parts of the api share: the run they belong to, and how a call becomes a mutation.
//
// The api object is built once, with the engine: a login gets a fresh instance, so it costs a login nothing.

const { parse, stringify } = JSON;

/** The run under way, and what its calls have to remember. */
export const context = {
    run: undefined,
    /** What already leaves the login in this action: `redirect` or `prompt`. */
    suspends: undefined,
    primaryUserSet: false,
    sessionMetadata: undefined,
    refreshTokenMetadata: undefined,
    transactionMetadata: undefined,
    samlSizes: undefined,
};

/** Starts over for a run. */
export function begin(run) {
    context.run = run;
    context.suspends = undefined;
    context.primaryUserSet = false;
    context.sessionMetadata = undefined;
    context.refreshTokenMetadata = undefined;
    context.transactionMetadata = undefined;
    context.samlSizes = undefined;
}

/**
 * An argument as JSON at the time of the call: a later change of the object does not count. `undefined` when there is
 * no such JSON. A cycle or a BigInt throws.
 */
export function snapshot(value) {
    switch (typeof value) {
        case 'string':
        case 'boolean':
            return value;
        case 'number':
            return Number.isFinite(value) ? value : null;
        case 'undefined':
            return undefined;
        default: {
            if (value === null) return null;
            const text = stringify(value);
            return text === undefined ? undefined : parse(text);
        }
    }
}

/** Adds to the changes that the run asks for. */
export function push(mutation) {
    const { mutations } = context.run;
    mutations[mutations.length] = mutation;
}

/** A part of the event as the run began, whatever the action did to its copy. */
export function original(pointer) {
    const text = context.run.host.eventRead(pointer);
    return text === undefined ? undefined : parse(text);
}

/** Characters as people count them: a pair of surrogates is one. */
export function lengthOf(text) {
    let length = text.length;
    for (let at = 0; at + 1 < text.length; at += 1) {
        const unit = text.charCodeAt(at);
        if (unit >= 0xd800 && unit <= 0xdbff) {
            const next = text.charCodeAt(at + 1);
            if (next >= 0xdc00 && next <= 0xdfff) {
                length -= 1;
                at += 1;
            }
        }
    }
    return length;
}

/** Bytes of a text in UTF-8. */
export function bytesOf(text) {
    let bytes = text.length;
    for (let at = 0; at < text.length; at += 1) {
        const unit = text.charCodeAt(at);
        if (unit < 0x80) continue;
        bytes += 1;
        if (unit < 0x800) continue;
        bytes += 1;
        if (unit < 0xd800 || unit > 0xdbff) continue;
        const next = text.charCodeAt(at + 1);
        if (next >= 0xdc00 && next <= 0xdfff) at += 1;
    }
    return bytes;
}

/** A value that is an object and no array. */
export const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
