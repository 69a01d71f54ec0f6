// api.transaction: notes of a login that live as long as the login.

import { bytesOf, context, lengthOf, original, push } from './context.js';

const KEY_CHARS = 64;
const VALUE_BYTES = 8 * 1024;

function wrong(key, value) {
    if (typeof key !== 'string') return 'Metadata key must be a string';
    if (key.length === 0 || lengthOf(key) > KEY_CHARS) return `Metadata keys must have 1 to ${KEY_CHARS} characters`;
    switch (typeof value) {
        case 'boolean':
            return undefined;
        case 'string':
            return bytesOf(value) > VALUE_BYTES ? `Metadata values must be at most ${VALUE_BYTES} bytes` : undefined;
        case 'number':
            return Number.isSafeInteger(value) ? undefined : 'Metadata numbers must be safe integers';
        default:
            return value === null ? undefined : 'Metadata values must be a string, number, boolean or null';
    }
}

function notImplemented() {
    throw new Error('Method not implemented.');
}

/** `api.transaction` */
export const transaction = () => ({
    setMetadata(key, value) {
        const reason = wrong(key, value);
        if (reason !== undefined) throw new Error(`Failed to set transaction metadata: Invalid metadata: ${reason}`);
        const metadata = { ...(context.transactionMetadata ?? original('/transaction/metadata')) };
        if (value === null) delete metadata[key];
        else metadata[key] = value;
        context.transactionMetadata = metadata;
        const { event } = context.run;
        if (!event.transaction) event.transaction = {};
        event.transaction.metadata = { ...metadata };
        push({ type: 'transaction.setMetadata', key, value });
    },
    addTargetScope: notImplemented,
    removeTargetScope: notImplemented,
    setTargetScopes: notImplemented,
    clearTargetScopes: notImplemented,
});
