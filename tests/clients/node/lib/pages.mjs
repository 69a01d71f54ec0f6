// A browser's part of a login without a browser: cookies, redirects, and the login page's form filled in.

/** Cookies of one browser. */
export class Jar {
  #cookies = new Map();

  header() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  keep(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const [name, ...value] = pair.trim().split('=');
      const gone = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
      if (gone) this.#cookies.delete(name);
      else this.#cookies.set(name, value.join('='));
    }
  }

  async fetch(url, options = {}) {
    const headers = { ...options.headers, cookie: this.header() };
    const response = await fetch(url, { redirect: 'manual', ...options, headers });
    this.keep(response);
    return response;
  }
}

const unescape = (text) =>
  text.replace(/&(#x?[0-9a-f]+|amp|quot|lt|gt|apos);/gi, (whole, name) => {
    const named = { amp: '&', quot: '"', lt: '<', gt: '>', apos: "'" }[name.toLowerCase()];
    if (named) return named;
    return String.fromCodePoint(/^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10));
  });
const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`, 'i').exec(tag);
  return found ? unescape(found[1] ?? found[2]) : undefined;
};

/** The form on a page that asks for a password, with its fields as they stand. */
export function passwordForm(html, url) {
  for (const [, head, inside] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/gi)) {
    if (!/type=["']?password/i.test(inside)) continue;
    const fields = new Map();
    let userField;
    let passwordField;
    for (const [tag] of inside.matchAll(/<input\b[^>]*>/gi)) {
      const name = attribute(tag, 'name');
      if (!name) continue;
      const type = attribute(tag, 'type') ?? 'text';
      fields.set(name, attribute(tag, 'value') ?? '');
      if (type === 'password') passwordField = name;
      else if (type === 'email' || type === 'text') userField ??= name;
    }
    return { action: new URL(attribute(head, 'action') || url, url).href, fields, userField, passwordField };
  }
  return undefined;
}

/** Follows redirects from `url` to a page or to `until`, a prefix of an address that is not fetched. */
export async function follow(jar, url, until, options = {}) {
  let [address, sent] = [String(url), options];
  for (let hop = 0; hop < 12; hop += 1) {
    const response = await jar.fetch(address, sent);
    if (response.status < 300 || response.status >= 400) {
      return { response, url: address, html: await response.text() };
    }
    const next = new URL(response.headers.get('location'), address);
    if (next.href.startsWith(until)) return { redirect: next };
    [address, sent] = [next.href, {}];
  }
  throw new Error(`too many redirects from ${url}`);
}

/** Logs in at an `/authorize` address; returns the address that the browser is sent back to. */
export async function logIn(authorizeUrl, { username, password, callback, jar = new Jar() }) {
  const page = await follow(jar, authorizeUrl, callback);
  if (page.redirect) return page.redirect;
  const form = passwordForm(page.html, page.url);
  if (!form) throw new Error(`${page.url} answered ${page.response.status} without a form: ${page.html.slice(0, 200)}`);
  form.fields.set(form.userField, username).set(form.passwordField, password);
  const body = new URLSearchParams([...form.fields]);
  // A browser names the page that a form was on.
  const headers = { origin: new URL(page.url).origin };
  const after = await follow(jar, form.action, callback, { method: 'POST', body, headers });
  if (after.redirect) return after.redirect;
  const text = after.html.replace(/<style[\s\S]*?<\/style>|<[^>]+>/g, ' ').replace(/\s+/g, ' ').slice(0, 300);
  throw Object.assign(new Error(`the login was refused: ${after.response.status} ${text}`), {
    statusCode: after.response.status,
    text,
  });
}
