module.exports = async (event, api) => api.access.deny('never');
