// What the scripts share: settings, numbered steps, error codes.
import assert from 'node:assert/strict';

export const env = (name) => {
  const v = process.env[name];
  assert.ok(v, `${name} is not set`);
  return v;
};

let passed = 0;
export async function step(name, run) {
  try {
    await run();
  } catch (err) {
    console.error(`FAILED: ${name}`);
    throw err;
  }
  passed += 1;
  console.log(`ok ${passed} ${name}`);
}

export const code = async (promise) => {
  try {
    await promise;
  } catch (err) {
    return err.errorCode ?? err.message;
  }
  return 'no error';
};

export const finish = () => console.log(`${passed} steps passed`);
