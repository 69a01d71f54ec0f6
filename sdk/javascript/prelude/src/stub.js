// Stand-ins until the real event and api are wired in.
export const eventFor = (host) => JSON.parse(host.eventRead('') ?? '{}');
export const apiFor = (trigger, run) => ({
    access: { deny: (reason) => run.mutations.push({ type: 'access.deny', reason }) },
    user: {
        setAppMetadata: (key, value) => run.mutations.push({ type: 'user.setAppMetadata', key, value }),
    },
});
export const handlerOf = (exports, entry) => exports[entry];
export const errorOf = (thrown) =>
    thrown instanceof Error
        ? { name: thrown.name, message: thrown.message, stack: thrown.stack }
        : { name: 'Error', message: String(thrown) };
