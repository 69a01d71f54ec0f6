exports.onExecutePostLogin = async (event, api) => {
    const before = event.stats.logins_count;
    api.access.deny(`No entry for ${event.user.email.toLowerCase()}`).access.deny('twice');
    // The action runs on.
    api.user.setUserMetadata('denied_after', before + 1);
    return 'what is returned does not matter';
};
