// Checks, one after the other: `ok NAME`, `FAIL NAME reason` or `skip NAME reason` each, and at the end
// `N passed, N failed, N skipped`.
import assert from 'node:assert/strict';

export { assert };

const counts = { passed: 0, failed: 0, skipped: 0 };
const only = process.env.ONLY ? new RegExp(process.env.ONLY) : undefined;

/** What went wrong, in one line, with what the clients hide in their errors. */
export function reason(error) {
  const hidden = [error?.statusCode && `status ${error.statusCode}`, error?.error, error?.cause?.error, error?.body];
  const parts = [error?.message ?? error, error?.cause?.message, ...hidden].filter(Boolean);
  const texts = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)));
  return [...new Set(texts)].join(' | ').replace(/\s+/g, ' ').slice(0, 500);
}

/** Runs a check. What it returns is for later checks, which fail with `needs …` when it is not there. */
export async function check(name, run) {
  if (only && !only.test(name)) return undefined;
  try {
    const result = await run();
    counts.passed += 1;
    console.log(`ok ${name}`);
    return result;
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL ${name} ${reason(error)}`);
    if (process.env.TRACE) console.log(error);
    return undefined;
  }
}

/** A check that cannot be made, and why. */
export function skip(name, why) {
  counts.skipped += 1;
  console.log(`skip ${name} ${why}`);
}

/** What an earlier check made. */
export function needs(value, what) {
  assert.ok(value !== undefined && value !== null, `needs ${what}, which an earlier check did not make`);
  return value;
}

/** Runs what must fail with one of `statuses`; returns the error. */
export async function refused(statuses, run) {
  let result;
  try {
    result = await run();
  } catch (error) {
    const status = error.statusCode ?? error.status ?? error.cause?.status ?? error.cause?.statusCode;
    assert.ok([statuses].flat().includes(status), `wanted ${statuses}, got ${status}: ${reason(error)}`);
    return error;
  }
  assert.fail(`wanted ${statuses}, but it succeeded: ${JSON.stringify(result)?.slice(0, 200)}`);
}

/** Runs what must fail; returns the error. */
export async function fails(run) {
  let result;
  try {
    result = await run();
  } catch (error) {
    return error;
  }
  assert.fail(`must fail, but it succeeded: ${JSON.stringify(result)?.slice(0, 200)}`);
}

/** Asks again until there is an answer: for what the server does after it has answered, such as a job. */
export async function eventually(what, ask) {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`waited in vain for ${what}`);
}

/** The claims of a JSON Web Token. */
export function claims(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}

/** Prints the counts and ends. */
export function finish() {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exit(counts.failed > 0 ? 1 : 0);
}
