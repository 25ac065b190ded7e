/** The AWS JSON protocol over HTTP(S): servers, a lean client, signatures, throw-away certificates. */
export {
  type AwsRequestOptions,
  AwsRequestTemplate,
  awsRequestBytes,
  httpRequestHead,
  ON_BEHALF_OF,
  type RequestHead,
} from './aws-request.ts';
export { awsError } from './aws-response.ts';
export { type Endpoint, endpointOf } from './endpoint.ts';
export { AwsError } from './errors.ts';
export { HttpConnection, type HttpConnectionOptions } from './http-connection.ts';
export { HttpResponse } from './http-response.ts';
export { startWireServer } from './server.ts';
export { type RequestToSign, type SignatureHeaders, signRequest } from './sigv4.ts';
export { type SignedRequest, type Verifier, verifySignature } from './sigv4-verify.ts';
export { createTlsIdentity } from './tls.ts';
export { TransportError, transportError } from './transport-error.ts';
export type * from './types.ts';
export { TRACE_HEADER } from './types.ts';
