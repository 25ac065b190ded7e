/** Rotates a key in the directory given without end, by itself and on demand, and tells each acknowledged ciphertext. */
import { openKeystore } from '../../../src/system/kms/keystore.ts';
import { ACCOUNT, base64, InProcessKms, outcome, REGION } from './harness.ts';

const DAY_MS = 86_400_000;
const vault = openKeystore({ directory: process.argv[2]!, region: REGION, accountId: ACCOUNT });
const kms = new InProcessKms({}, vault);
const { id: KeyId } = await kms.createKey();
await kms.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
for (let i = 0; ; i++) {
  const { CiphertextBlob: blob } = await kms.call('Encrypt', { KeyId, Plaintext: base64(`secret ${i}`) });
  process.stdout.write(`${JSON.stringify({ blob, days: i * 90 })}\n`);
  await outcome(kms.call('RotateKeyOnDemand', { KeyId }));
  kms.clock.advance(90 * DAY_MS);
}
