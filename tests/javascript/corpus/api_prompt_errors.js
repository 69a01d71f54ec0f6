exports.onExecutePostLogin = async (event, api) => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`f${at}`, at]));
    const wrong = [
        [],
        ['x'.repeat(49)],
        [5, { fields: {} }],
        ['p', []],
        ['p', 'text'],
        ['p', { other: 1, vars: 5 }],
        ['p', { fields: many, vars: many }],
        ['p', { fields: { '9lives': 1, 'with space': 2, ['x'.repeat(51)]: 3 } }],
        ['p', { fields: null }],
        ['p', { vars: { text: 'x'.repeat(24 * 1024) } }],
    ];
    const texts = wrong.map((given) => {
        try {
            api.prompt.render(...given);
            return 'rendered';
        } catch (error) {
            return error.message;
        }
    });
    api.user.setAppMetadata('texts', texts);
    api.prompt.render('p');
};
