/** What a request costs the client: the `http` driver with plan and recording, and autocannon, on one server. */
import type { ArmTarget } from '../../src/drivers/drivers.ts';
import { format } from '../../src/report/report.ts';
import { createRandom } from '../../src/std/random.ts';
import { AwsRequestTemplate, createCaller } from '../../src/system/system.ts';
import type { Arm } from '../../src/workload/workload.ts';
import type { AutocannonTurn } from './autocannon-client.ts';
import { startChild } from './child.ts';
import { median, type Play, playRounds, ratioOf } from './rounds.ts';
import { CONNECTIONS, servingArms } from './serving.ts';
import { atMost } from './targets.ts';
import type { ClientTurn, Effort, Finding, LaneArm } from './types.ts';

const SEED = 1;
const caller = createCaller('caller-1');

export async function findClientCost({ client }: Effort): Promise<Finding[]> {
  const server = startChild('./fixed-answer');
  const laneClient = startChild('./lane-client');
  const autocannonClient = startChild('./autocannon-client');
  try {
    const url = await server.ask<string>('listen');
    const arm = { ...servingArms(url)[0]!, target: url };
    const lane = await laneClient.ask<number>('open', laneArm(arm, url));
    const request = fixedRequest(arm, url);
    const players = {
      own: (turn_ms: number) => laneClient.ask<ClientTurn>('play', { lane, turn_ms }),
      autocannon: (turn_ms: number) => autocannonClient.ask<ClientTurn>('play', { ...request, turn_ms }),
    } satisfies Record<string, Play<ClientTurn>>;
    return [finding(await playRounds(players, client, createRandom(SEED)))];
  } finally {
    await Promise.all([server, laneClient, autocannonClient].map((child) => child.stop()));
  }
}

function laneArm(arm: Arm, url: string): LaneArm {
  const { accessKeyId, secretAccessKey, principal } = caller;
  const target: ArmTarget = {
    url,
    region: arm.system.kms.region,
    tables: [arm.table.name],
    callers: [{ accessKeyId, secretAccessKey, principalArn: principal.arn }],
  };
  return { arm, target, seed: SEED };
}

/** The driver's own request, for one key. */
function fixedRequest(arm: Arm, url: string): Omit<AutocannonTurn, 'turn_ms'> {
  const body = `{"TableName":"${arm.table.name}","Key":{"pk":{"S":"user0000000001"}}}`;
  const template = new AwsRequestTemplate({
    host: new URL(url).host,
    target: 'DynamoDB_20120810.GetItem',
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: arm.system.kms.region,
    credentials: caller,
    sign: false,
  });
  const [head] = template.text(body).split('\r\n\r\n') as [string];
  const lines = head.split('\r\n').slice(1);
  const headers = Object.fromEntries(lines.map((line) => line.split(': ', 2) as [string, string]));
  // autocannon makes these two itself.
  const { host: _host, 'content-length': _length, ...rest } = headers;
  return { url, connections: CONNECTIONS, headers: rest, body };
}

function finding({ own, autocannon }: Record<'own' | 'autocannon', ClientTurn[]>): Finding {
  const cpu_ns = ({ cpu_us, requests }: ClientTurn) => (cpu_us * 1e3) / requests;
  return atMost(1, ratioOf(own, autocannon, cpu_ns), {
    what: 'client CPU per request, plan and recording included',
    ours: format.duration(median(own.map(cpu_ns))),
    peer: `${format.duration(median(autocannon.map(cpu_ns)))} autocannon`,
  });
}
