/** An error as an AWS JSON protocol client sees it. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /** Shape name, e.g. `ResourceNotFoundException`. */
  readonly code: string;
  readonly status: number;
  /** Further members of the error's body (`Item`, `CancellationReasons`, …). */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}
