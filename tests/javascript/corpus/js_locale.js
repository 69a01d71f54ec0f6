exports.onExecutePostLogin = async (event, api) => {
    const when = new Date('2026-02-03T16:05:09.007Z');
    const out = [];
    out.push(when.toLocaleString(), when.toLocaleDateString(), when.toLocaleTimeString(), when.toLocaleString('en-US', { timeZone: 'America/New_York' }));
    out.push(when.toLocaleDateString('en-US', { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }), when.toLocaleDateString('en-GB'), when.toLocaleDateString('de-DE'));
    out.push(when.toLocaleTimeString('en-US', { hour: '2-digit', minute: '2-digit', hour12: false }), when.toLocaleString('sv-SE', { timeZone: 'Europe/Stockholm' }), when.toLocaleDateString('en-CA'));
    out.push(new Intl.DateTimeFormat('en-US', { timeZone: event.request.geoip.timeZone, hour: 'numeric' }).format(when), new Intl.DateTimeFormat('en-US', { dateStyle: 'full', timeStyle: 'long', timeZone: 'Asia/Tokyo' }).format(when));
    out.push(new Intl.DateTimeFormat('en-US', { timeZone: 'Europe/Berlin', timeZoneName: 'short', hour: 'numeric', minute: '2-digit' }).formatToParts(when));
    out.push((1234567.891).toLocaleString(), (1234567.891).toLocaleString('de-DE'), (0.256).toLocaleString('en-US', { style: 'percent' }), (12.5).toLocaleString('en-US', { style: 'currency', currency: 'USD' }), (5).toLocaleString('en-US', { minimumFractionDigits: 2 }));
    out.push(new Intl.NumberFormat('en-US', { notation: 'compact' }).format(12345), new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 }).format(123456));
    out.push('a'.localeCompare('B'), 'b'.localeCompare('a'), 'a'.localeCompare('A'), 'ä'.localeCompare('z', 'de'), 'resume'.localeCompare('résumé'), '2'.localeCompare('10', undefined, { numeric: true }), ['ä', 'a', 'z', 'Z', 'B'].sort((a, b) => a.localeCompare(b)));
    out.push(new Intl.PluralRules('en-US', { type: 'ordinal' }).select(22), new Intl.ListFormat('en', { type: 'conjunction' }).format(['a', 'b', 'c']), new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-1, 'day'));
    out.push(Intl.DateTimeFormat().resolvedOptions().timeZone, Intl.DateTimeFormat().resolvedOptions().locale, 'I'.toLocaleLowerCase(), [1.5, when].toLocaleString());
    try { new Intl.DateTimeFormat('en-US', { timeZone: 'Mars/Base' }); } catch (error) { out.push(`${error.name}: ${error.message}`); }
    try { new Intl.NumberFormat('en-US', { style: 'currency' }); } catch (error) { out.push(`${error.name}: ${error.message}`); }
    api.user.setAppMetadata('out', out);
};
