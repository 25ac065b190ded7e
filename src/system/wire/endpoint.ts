/** Where a server is: what a connection needs of its URL. */
export interface Endpoint {
  /** A name or an address, IPv6 without its brackets. */
  host: string;
  port: number;
  secure: boolean;
}

/** @param url `http(s)://host[:port]` */
export function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (secure ? 443 : 80), secure };
}
