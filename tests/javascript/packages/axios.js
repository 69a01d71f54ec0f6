// dependencies: axios@1.7.9
const axios = require('axios');
exports.onExecutePostLogin = async (event, api) => {
    const base = event.secrets.SERVICE;
    const got = await axios.get(`${base}/json`, { params: { a: 1, b: 'x y' }, headers: { 'x-case': 'one' } });
    api.user.setAppMetadata('get', { status: got.status, data: got.data, type: got.headers['content-type'] });
    const posted = await axios.post(`${base}/echo`, { user: event.user.user_id }, { timeout: 5000 });
    api.user.setAppMetadata('post', posted.data);
    const form = await axios.post(`${base}/form`, new URLSearchParams({ grant_type: 'x', q: 'é' }));
    api.user.setAppMetadata('form', form.data);
    const made = axios.create({ baseURL: base, headers: { Authorization: 'Bearer t' } });
    made.interceptors.request.use((config) => {
        config.headers['x-case'] = 'two';
        return config;
    });
    api.user.setAppMetadata('made', (await made.request({ url: '/made', method: 'put', data: 'text' })).data);
    api.user.setAppMetadata('redirected', (await axios(`${base}/redirect`)).data);
    api.user.setAppMetadata('text', (await axios.get(`${base}/text`, { responseType: 'text' })).data);
    const bytes = await axios.get(`${base}/text`, { responseType: 'arraybuffer' });
    api.user.setAppMetadata('bytes', Buffer.from(bytes.data).toString('hex'));
    for (const [name, call] of Object.entries({
        missing: () => axios.get(`${base}/status/404`),
        timeout: () => axios.get(`${base}/slow`, { timeout: 200 }),
        bad: () => axios.get('not a url'),
    })) {
        try {
            await call();
        } catch (error) {
            const { message, code, response } = error;
            api.user.setAppMetadata(name, { is: axios.isAxiosError(error), message, code, status: response?.status, data: response?.data });
        }
    }
    await axios.get(`${base}/status/500`);
};
