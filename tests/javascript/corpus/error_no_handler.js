exports.onExecutePostlogin = async () => {};
