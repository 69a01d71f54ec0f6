const HOUR = 60 * 60 * 1000;

/** Asks the service named by the secret `SCORE_URL`; its answer is kept for an hour. */
async function scoreOf(event, api) {
    const kept = api.cache.get(`score:${event.user.user_id}`);
    if (kept) {
        return JSON.parse(kept.value);
    }
    const response = await fetch(event.secrets.SCORE_URL, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: event.user.user_id }),
        signal: AbortSignal.timeout(5000),
    });
    if (!response.ok) {
        throw new Error(`the score service answered ${response.status}`);
    }
    const score = await response.json();
    api.cache.set(`score:${event.user.user_id}`, JSON.stringify(score), { ttl: HOUR });
    return score;
}

/** Counts logins, and keeps what another service says of the user. */
exports.onExecutePostLogin = async (event, api) => {
    api.user.setAppMetadata('logins', (event.user.app_metadata.logins ?? 0) + 1);
    try {
        api.user.setAppMetadata('score', await scoreOf(event, api));
    } catch (error) {
        console.error('no score:', error.message);
    }
};
