exports.onExecutePostLogin = async (event, api) => {
    let set = 0;
    try {
        for (; set < 100; set += 1) api.samlResponse.setAttribute(`attribute-${set}`, 'ü'.repeat(1000));
    } catch (error) {
        api.access.deny(`${set}: ${error.message}`);
    }
};
