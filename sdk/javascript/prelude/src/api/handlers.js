// Which function of a module handles an entry of a trigger, and what it has to be.

const HANDLERS = {
    'post-login': { execute: 'onExecutePostLogin', continue: 'onContinuePostLogin' },
    'credentials-exchange': { execute: 'onExecuteCredentialsExchange' },
};

/** The handler that a module exports for an entry: `execute` or `continue`. */
export function handlerOf(exported, entry, trigger = 'post-login') {
    if (typeof exported !== 'object' || exported === null) throw new Error('The Action must export an object.');
    const name = HANDLERS[trigger]?.[entry];
    if (name === undefined) throw new Error('The Action can only be called with valid methods.');
    const handler = exported[name];
    if (typeof handler !== 'function' || handler.constructor?.name !== 'AsyncFunction') {
        throw new Error(
            `Invalid function signature for the "${name}" handler. ` +
                `Use "exports.${name} = async function(event, api) { }" as the signature.`,
        );
    }
    return handler;
}
