import { AwsError } from './errors.ts';
import type { HttpResponse } from './http-response.ts';

/** The error in an AWS JSON response, its namespace taken off; `undefined` for a success. */
export function awsError(response: HttpResponse): AwsError | undefined {
  if (response.status < 300) return undefined;
  const { __type: type, message, Message, ...fields } = parseBody(response.body);
  const named = typeof type === 'string' ? type : response.headers.get('x-amzn-errortype');
  const code = named === undefined ? '' : named.slice(named.lastIndexOf('#') + 1).split(':', 1)[0]!;
  return new AwsError(
    code || `Http${response.status}`,
    String(message ?? Message ?? ''),
    response.status,
    fields,
  );
}

function parseBody(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
