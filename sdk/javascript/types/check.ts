// What authors write has to pass, and what cannot work has to be refused.

import type { PostLoginApi, PostLoginEvent, PostLoginHandler, Run } from './index.js';

export const typical: PostLoginHandler = async (event, api) => {
    if (!event.user.email_verified || event.request.geoip.countryCode === 'XX') return api.access.deny('no');
    const logins: number = event.stats.logins_count;
    api.user.setAppMetadata('logins', logins).user.setUserMetadata('seen', { at: event.user.updated_at });
    api.idToken.setCustomClaim('https://example.com/roles', event.authorization?.roles ?? []);
    const kept = api.cache.get('token');
    if (kept === undefined || kept.expires_at < logins) api.cache.set('token', 'x', { ttl: 1000 });
    if (event.transaction?.protocol === 'oidc-basic-profile' && api.redirect.canRedirect()) {
        const token = api.redirect.encodeToken({ secret: event.secrets['KEY'] ?? '', payload: { a: 1 } });
        api.redirect.sendUserTo('https://example.com', { query: { token } });
    }
    api.authentication.challengeWith({ type: 'otp' }, { additionalFactors: [{ type: 'recovery-code' }] });
    api.multifactor.enable('any', { allowRememberBrowser: false });
    const { roles } = await api.roles.getUserEffectiveRoles({ take: 10 });
    api.accessToken.addScope(roles[0]?.name ?? 'read:all');
    api['noop'] = () => {};
};

export function wrong(event: PostLoginEvent, api: PostLoginApi): void {
    // @ts-expect-error a reason is a text
    api.access.deny(42);
    // @ts-expect-error the event has no such shape
    event.stats.logins_count.trim();
    // @ts-expect-error a cache holds texts
    api.cache.set('key', {});
    // @ts-expect-error a factor has a known type
    api.authentication.challengeWith({ type: 'fingerprint' });
    // @ts-expect-error it is no number
    api.session.setExpiresAt('tomorrow');
}

export const first = (run: Run): string | undefined => run.error?.message ?? run.mutations[0]?.type;
