exports.onExecutePostLogin = async (event, api) => {
    const vars = { name: event.user.given_name, when: new Date() };
    const back = api.prompt.render('ap_terms', { fields: { accepted: false, _note: 'x' }, vars });
    vars.name = 'changed';
    if (back === undefined) api.user.setUserMetadata('asked', true);
};

exports.onContinuePostLogin = async (event, api) => {
    const { id, fields, vars } = event.prompt;
    if (!fields.accepted) {
        api.access.deny(`${id}: the terms were not accepted`);
        return;
    }
    api.user.setAppMetadata('terms', { ...fields, ...vars, at: new Date().toISOString() });
};
