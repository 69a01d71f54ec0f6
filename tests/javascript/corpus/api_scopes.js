exports.onExecutePostLogin = async (event, api) => {
    api.accessToken.addScope('read:all');
    api.accessToken.addScope('  padded:scope\n');
    api.accessToken.removeScope('read:reports');
    api.accessToken.addScope('x'.repeat(280));
    const results = [undefined, null, 5, {}, '', '   ', 'a b', 'a\tb', 'x'.repeat(281)].map((scope) => {
        try {
            return String(api.accessToken.addScope(scope));
        } catch (error) {
            return `${error.name}: ${error.message}`;
        }
    });
    try {
        api.accessToken.removeScope(['a']);
    } catch ({ name, message }) {
        results.push({ name, message });
    }
    api.user.setAppMetadata('results', results);
};
