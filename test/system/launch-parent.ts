/** Launches a KMS, says when it is up and waits to be killed. */
import { launch } from '../../src/system/system.ts';
import { ACCOUNT, alice, REGION } from './store/harness.ts';

const { url } = await launch({
  role: 'kms',
  options: { region: REGION, accountId: ACCOUNT, callers: [alice], auth: 'sigv4', port: 0 },
});
console.log(url);
setInterval(() => {}, 60_000);
