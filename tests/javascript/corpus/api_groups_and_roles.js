exports.onExecutePostLogin = async (event, api) => {
    const texts = [];
    const attempt = async (call) => {
        try {
            texts.push(await call());
        } catch (error) {
            texts.push(`${error.name}: ${error.message}`);
        }
    };
    await attempt(() => api.groups.getUserGroups());
    await attempt(() => api.groups.getUserGroups({ take: 5 }));
    await attempt(() => api.groups.getUserGroups({ take: 0 }));
    await attempt(() => api.groups.getUserGroups({ from: 5 }));
    await attempt(() => api.groups.hasGroupMembership(['engineering']));
    await attempt(() => api.groups.hasGroupMembership([]));
    await attempt(() => api.groups.hasGroupMembership('engineering'));
    await attempt(() => api.roles.getUserEffectiveRoles());
    await attempt(() => api.roles.getUserEffectiveRoles({ take: 1.5 }));
    await attempt(() => api.roles.getUserEffectiveRoles({ from: null }));
    await attempt(() => api.roles.getUserEffectiveRolesByIds(['rol_1']));
    await attempt(() => api.roles.getUserEffectiveRolesByIds());
    await attempt(() => api.roles.getUserEffectiveRolesByNames(['editor', 'none']));
    await attempt(() => api.roles.getUserEffectiveRolesByNames({ length: 1 }));
    api.user.setAppMetadata('texts', texts);
};
