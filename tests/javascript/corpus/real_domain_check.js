const DEFAULT = 'example.com';
exports.onExecutePostLogin = async (event, api) => {
    const allowed = (event.client.metadata.allowed_domains || DEFAULT).split(',').map((d) => d.trim().toLowerCase()).filter(Boolean);
    const domain = event.user.email?.split('@')?.[1]?.toLowerCase();
    if (!allowed.includes(domain)) {
        console.log(`refused ${domain}`);
        api.access.deny(`Users of ${domain ?? 'no domain'} may not use ${event.client.name} (${allowed.join(' or ')}).`);
        return;
    }
    api.user.setAppMetadata('last_domain', domain);
};
