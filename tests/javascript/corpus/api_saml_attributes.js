exports.onExecutePostLogin = async (event, api) => {
    api.samlResponse
        .setAttribute('http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress', event.user.email)
        .samlResponse.setAttribute('roles', event.authorization.roles);
    api.samlResponse.setAttribute('count', 3).samlResponse.setAttribute('flag', true);
    api.samlResponse.setAttribute('removed', null);
    api.samlResponse.setAttribute('also removed');
    api.samlResponse.setAttribute('empty', []);
    const wrong = [
        [undefined, 'x'],
        [5, 'x'],
        ['a'.repeat(1025), 'x'],
        ['long', 'x'.repeat(2049)],
        ['object', {}],
        ['nan', NaN],
        ['nested', ['ok', {}, null, ['x'], 'y'.repeat(2049)]],
        ['big', 1n],
    ];
    const texts = wrong.map((given) => {
        try {
            return api.samlResponse.setAttribute(...given) === api;
        } catch (error) {
            return `${error.name}: ${error.message}`;
        }
    });
    api.user.setAppMetadata('texts', texts);
};
