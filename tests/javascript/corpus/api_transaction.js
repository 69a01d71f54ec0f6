exports.onExecutePostLogin = async (event, api) => {
    api.transaction.setMetadata('step', 'one');
    api.transaction.setMetadata('count', event.transaction.metadata.seen + 1);
    api.transaction.setMetadata('flag', true);
    api.transaction.setMetadata('seen', null);
    api.user.setAppMetadata('now', event.transaction.metadata);
    const texts = [['', 1], [5, 1], ['k'], ['k', {}], ['k', 1.5], ['k', 2 ** 53], ['k'.repeat(65), 1], ['k', 'é'.repeat(4097)]];
    for (const given of texts) {
        try {
            api.transaction.setMetadata(...given);
        } catch (error) {
            api.access.deny(`${error.name}: ${error.message}`);
        }
    }
    try {
        api.transaction.addTargetScope('x');
    } catch (error) {
        api.access.deny(error.message);
    }
};
