exports.onExecutePostLogin = async (event, api) => {
    const texts = [];
    for (const method of ['setAppMetadata', 'setUserMetadata']) {
        try {
            api.user[method]('k', 1);
            texts.push('ok');
        } catch (error) {
            texts.push(error.message);
        }
    }
    api.access.deny(texts.join(' | '));
};
