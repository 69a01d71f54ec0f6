/**
 * Node's `assert`: the npm package of that name is Node's own of release 12;
 * what later releases word otherwise is put right here.
 */
import library from 'assert/build/assert.js';

export default library;
