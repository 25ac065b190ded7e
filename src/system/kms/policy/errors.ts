/** A policy document that says nothing clear; the message says where it goes wrong. */
export class PolicyError extends Error {
  override name = 'PolicyError';
  /** It is well formed, and names a principal that is not there. */
  readonly unknownPrincipal: boolean;

  constructor(message: string, unknownPrincipal = false) {
    super(message);
    this.unknownPrincipal = unknownPrincipal;
  }
}
