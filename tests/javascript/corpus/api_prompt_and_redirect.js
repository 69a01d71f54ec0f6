// An action leaves in one way only, and cannot catch that away.
exports.onExecutePostLogin = async (event, api) => {
    const steps = event.request.query.steps.split(',');
    for (const step of steps) {
        if (step === 'r') api.redirect.sendUserTo('https://example.com/a');
        if (step === 'p') api.prompt.render('p');
        if (step === 'c') {
            try {
                api.prompt.render('p');
            } catch {
                api.access.deny('never seen');
            }
        }
    }
};
