// dependencies: axios@0.21.4
const axios = require('axios').default;
exports.onExecutePostLogin = async (event, api) => {
    const base = event.secrets.SERVICE;
    const { data } = await axios({ method: 'POST', url: `${base}/echo`, data: { a: 1 }, headers: { 'x-case': '0.21' } });
    api.user.setAppMetadata('post', data);
    try {
        await axios.get(`${base}/status/401`);
    } catch (error) {
        api.user.setAppMetadata('error', [error.message, error.response.status, error.response.data]);
    }
};
