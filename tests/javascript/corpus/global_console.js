exports.onExecutePostLogin = async (event, api) => {
    console.log('plain', 1, true, null, undefined, { a: [1, { b: 2 }] });
    console.info('%s has %d logins', event.user.name, event.stats.logins_count);
    console.warn(new Map([['k', 'v']]), [1, 2, 3], 'ü');
    console.error('failed:', event.user.nothing);
    console.debug({ user: event.user.user_metadata });
    console.log();
    console.log('two\nlines');
    console.group('group'); console.log('inside'); console.groupEnd();
    console.assert(1 === 2, 'assertion');
    console.dir({ deep: { er: { est: { x: 1 } } } });
    console.count(); console.count('x');
    const back = console.log('returns nothing');
    api.user.setAppMetadata('done', back === undefined);
};
