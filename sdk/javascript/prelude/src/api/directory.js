// api.groups, api.roles and api.rules: what the user belongs to, and what ran before.

import { context, original } from './context.js';

function checkPage(from, take) {
    if (from !== undefined && typeof from !== 'string') {
        throw new Error('The "from" parameter must be a string if provided.');
    }
    if (take !== undefined && (typeof take !== 'number' || !Number.isInteger(take) || take <= 0)) {
        throw new Error('The "take" parameter must be a positive integer if provided.');
    }
}

function checkList(name, list) {
    if (!list || !Array.isArray(list) || !list.length) {
        throw new Error(`The "${name}" parameter must be a non-empty array of strings.`);
    }
}

async function ask(call) {
    const answer = await context.run.start(call);
    if (answer?.error) throw new Error(answer.error.message);
    return answer;
}

/** `api.groups` */
export const groups = () => ({
    async getUserGroups({ from, take } = {}) {
        checkPage(from, take);
        return ask({ type: 'groups.getUserGroups', from, take });
    },
    async hasGroupMembership(wanted) {
        checkList('groups', wanted);
        return ask({ type: 'groups.hasGroupMembership', groups: wanted });
    },
});

/** `api.roles` */
export const roles = () => ({
    async getUserEffectiveRoles({ from, take } = {}) {
        checkPage(from, take);
        return ask({ type: 'roles.getUserEffectiveRoles', from, take });
    },
    async getUserEffectiveRolesByIds(ids) {
        checkList('ids', ids);
        return ask({ type: 'roles.getUserEffectiveRolesByIds', ids });
    },
    async getUserEffectiveRolesByNames(names) {
        checkList('names', names);
        return ask({ type: 'roles.getUserEffectiveRolesByNames', names });
    },
});

/** `api.rules` */
export const rules = () => ({
    wasExecuted(ruleId) {
        return original('/rules')?.includes(ruleId) || false;
    },
});
