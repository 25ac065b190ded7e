import type { Arm } from '../workload/types.ts';
import type { ArmResult } from './types.ts';

/**
 * USD for a million operations at list prices. Calls under customer managed and AWS managed keys are billed; AWS
 * owned keys and no encryption cost nothing and leave nothing in the account's trail (AWS KMS pricing and
 * concepts pages). CloudTrail charges only for copies of management events beyond the first.
 * Null when the calls are not known.
 */
export function costOf(arm: Arm, callsPerOp: number | null): ArmResult['cost_usd_per_million_ops'] {
  if (callsPerOp === null) return null;
  const billed = arm.table.encryption === 'customer-managed' || arm.table.encryption === 'aws-managed';
  const calls = billed ? callsPerOp * 1e6 : 0;
  const kms = (calls / 1e4) * arm.cost.kms_usd_per_10k;
  const cloudtrail = (calls / 1e5) * arm.cost.cloudtrail_paid_copies * arm.cost.cloudtrail_usd_per_100k;
  return { kms, cloudtrail, total: kms + cloudtrail };
}
