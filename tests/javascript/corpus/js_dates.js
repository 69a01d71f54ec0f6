exports.onExecutePostLogin = async (event, api) => {
    const out = [];
    const created = new Date(event.user.created_at);
    out.push(Date.now(), new Date().toISOString(), +new Date(), typeof Date(), new Date().getTime() === Date.now());
    out.push(created.getFullYear(), created.getMonth(), created.getDate(), created.getDay(), created.getHours(), created.getTimezoneOffset());
    out.push(String(created), created.toUTCString(), created.toDateString(), created.toTimeString(), created.toJSON());
    const inMonth = new Date(created); inMonth.setMonth(inMonth.getMonth() + 1); out.push(inMonth.toISOString());
    out.push(Math.floor((Date.now() - created) / 86400000), new Date(2026, 0, 31, 25).toISOString(), Date.UTC(2026, 1), new Date(0, 0).getFullYear());
    for (const text of ['2026-02-28', '2026-02-28T10:00', '2026-02-28T10:00:00+02:00', '2026-02-28 10:00', '28 Feb 2026', 'Feb 28, 2026 10:00 PM', '2/28/2026', 'Sat, 28 Feb 2026 10:00:00 GMT', 'Sat Feb 28 2026 10:00:00 GMT+0100 (CET)', '2026', '2026-13-01', '', 'tomorrow', '20260228', '2026/02/28', 'March 7', '1 January 2026 UTC', '2026-02-30', '12:30']) {
        out.push([text, Date.parse(text)]);
    }
    out.push(isNaN(new Date('x')), new Date(NaN).getTime(), String(new Date(NaN)), JSON.stringify({ d: new Date(NaN) }), new Date(8.64e15 + 1).valueOf());
    out.push(created > new Date(0), created - new Date(0), created + 1, `${new Date(5)}`, new Date(2026, 1, 29).getDate(), new Date(null).getTime(), new Date(undefined).getTime(), new Date('5').getTime(), new Date(true).getTime());
    api.user.setAppMetadata('out', out);
};
