// The top level runs before the first login.
const cache = new Map();
const started = (() => { let n = 0; for (let i = 1; i <= 10; i += 1) n += i; return n; })();
const table = Object.freeze({ a: 1, nested: Object.freeze([1, 2, 3]) });
globalThis.shared = { visits: 0 };
exports.onExecutePostLogin = async (event, api) => {
    shared.visits += 1;
    cache.set(event.user.user_id, (cache.get(event.user.user_id) ?? 0) + 1);
    api.user.setAppMetadata('state', [started, table, shared.visits, [...cache], typeof global.shared, globalThis === global]);
};
