import { InputError } from '../std/errors.ts';
import {
  AwsRequestTemplate,
  awsError,
  type Credentials,
  endpointOf,
  HttpConnection,
  TransportError,
} from '../system/system.ts';

/** How to reach a DynamoDB or KMS endpoint, and as whom. */
export interface Access {
  url: string;
  region: string;
  ca?: string;
  credentials: Credentials;
}

const PROTOCOLS = {
  dynamodb: { targetPrefix: 'DynamoDB_20120810', jsonVersion: '1.0' },
  kms: { targetPrefix: 'TrentService', jsonVersion: '1.1' },
} as const;

const TIMEOUT_MS = 30_000;

/** A plain client for what has to be done before and after a run: one connection, one call at a time. */
export class Client {
  readonly #access: Access;
  readonly #service: keyof typeof PROTOCOLS;
  #connection: HttpConnection | undefined;

  constructor(service: keyof typeof PROTOCOLS, access: Access) {
    this.#service = service;
    this.#access = access;
  }

  /**
   * @param body JSON
   * @throws InputError E_TARGET_REFUSED for an error, which is its `cause`, or for what no such service answers;
   * E_TARGET_UNREACHABLE for no answer
   */
  async call<Response>(operation: string, body: string): Promise<Response> {
    const { url, region, credentials } = this.#access;
    const { targetPrefix, jsonVersion } = PROTOCOLS[this.#service];
    const request = new AwsRequestTemplate({
      host: new URL(url).host,
      target: `${targetPrefix}.${operation}`,
      jsonVersion,
      service: this.#service,
      region,
      credentials,
      sign: true,
    });
    const response = await this.#connect()
      .request(request.text(body))
      .catch((error: unknown) => {
        throw error instanceof TransportError ? this.#unreachable(error) : error;
      });
    const error = awsError(response);
    if (error) throw this.#refused(operation, `${error.code}: ${error.message}`, error);
    try {
      return JSON.parse(response.body.toString('utf8') || '{}') as Response;
    } catch (error) {
      throw this.#refused(operation, 'the answer is not JSON', error);
    }
  }

  close(): void {
    this.#connection?.close();
  }

  #connect(): HttpConnection {
    if (this.#connection && !this.#connection.closed) return this.#connection;
    const { host, port, secure } = endpointOf(this.#access.url);
    this.#connection = new HttpConnection({
      host,
      port,
      tls: secure ? { ca: this.#access.ca } : undefined,
      timeout_ms: TIMEOUT_MS,
    });
    return this.#connection;
  }

  #refused(operation: string, answer: string, cause: unknown): InputError {
    return new InputError(
      'E_TARGET_REFUSED',
      {
        what: `${operation}: ${answer.replace(/[.: ]*$/, '.')}`,
        where: this.#access.url,
        remedy:
          'Check the URL, the credentials and their permissions, and the table settings of the workload.',
      },
      { cause },
    );
  }

  #unreachable(error: TransportError): InputError {
    const certificate = /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(error.code);
    return new InputError(
      'E_TARGET_UNREACHABLE',
      {
        what: certificate
          ? `its certificate does not verify (${error.code}).`
          : `no answer (${error.code}): ${withoutPlace(error.message)}`,
        where: this.#access.url,
        remedy: certificate
          ? 'Name the authority that signed it in NODE_EXTRA_CA_CERTS.'
          : 'Check that it is running and that the URL is right.',
      },
      { cause: error },
    );
  }
}

/** Where it failed is said by the problem's `where`. */
function withoutPlace(message: string): string {
  return message.replace(/^\S+:\d+: /, '').replace(/\.?$/, '.');
}
