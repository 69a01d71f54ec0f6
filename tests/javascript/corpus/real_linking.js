// Chooses the oldest identity as the primary one.
exports.onExecutePostLogin = async (event, api) => {
    const { identities, user_id } = event.user;
    const others = identities.filter(({ provider, user_id: id }) => `${provider}|${id}` !== user_id);
    if (others.length === 0) return;
    const byProvider = others.reduce((all, identity) => ({ ...all, [identity.provider]: [...(all[identity.provider] ?? []), identity.user_id] }), {});
    console.log('others', byProvider);
    const [{ provider, user_id: id, profileData: { email } = {} }] = others;
    if (email?.toLowerCase() === event.user.email.toLowerCase()) api.authentication.setPrimaryUser(`${provider}|${id}`);
    else api.user.setAppMetadata('candidates', byProvider);
};
