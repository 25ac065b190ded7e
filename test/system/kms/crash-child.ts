/** Makes keys with policies and grants in the directory given, reports each acknowledged ciphertext on stdout, and never stops by itself. */
import { openKeystore } from '../../../src/system/kms/keystore.ts';
import { ACCOUNT, base64, InProcessKms, REGION } from './harness.ts';

const vault = openKeystore({ directory: process.argv[2]!, region: REGION, accountId: ACCOUNT });
const kms = new InProcessKms({}, vault);
for (let i = 0; ; i++) {
  const { id } = await kms.createKey();
  await kms.call('CreateAlias', { AliasName: `alias/key-${i}`, TargetKeyId: id });
  const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: id, Plaintext: base64(`secret ${i}`) });
  const { Policy } = await kms.call('GetKeyPolicy', { KeyId: id });
  await kms.call('PutKeyPolicy', { KeyId: id, Policy: `${Policy} ` });
  const revoked = await kms.grantToDynamodb(id);
  await kms.grantToDynamodb(id);
  await kms.call('RevokeGrant', { KeyId: id, GrantId: revoked.GrantId });
  process.stdout.write(`${CiphertextBlob}\n`);
}
