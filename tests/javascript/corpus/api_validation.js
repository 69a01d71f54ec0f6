exports.onExecutePostLogin = async (event, api) => {
    api.validation.error('invalid_request', 'Your tenant is closed.').validation.error('second', 'one');
    const wrong = [[], ['code'], [undefined, 'm'], [1, 2], ['c'.repeat(101), 'm'.repeat(101)], ['c', '😀'.repeat(100)], [null, {}]];
    const texts = wrong.map((given) => {
        try {
            return api.validation.error(...given) === api;
        } catch (error) {
            return error.message;
        }
    });
    api.user.setAppMetadata('texts', texts);
};
