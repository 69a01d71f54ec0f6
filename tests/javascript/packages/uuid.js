// dependencies: uuid@9.0.1
const { v4: uuidv4, v5: uuidv5, v1, validate } = require('uuid');
exports.onExecutePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('v5', uuidv5(event.user.user_id, uuidv5.URL));
    const made = [uuidv4(), uuidv4(), v1()];
    api.idToken.setCustomClaim('made', [made.map(validate), new Set(made).size]);
};
