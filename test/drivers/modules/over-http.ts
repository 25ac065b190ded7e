/** A driver of one's own over HTTP, with everything that such a driver may have. */
import type { CreateDriver, DriverOptions, PlannedOperation } from 'sealbench/driver';
import { HttpDriver } from '../../../src/drivers/http.ts';

class OverHttp {
  readonly #http: HttpDriver;

  constructor(options: DriverOptions) {
    this.#http = new HttpDriver(options);
  }

  open() {
    return this.#http.open();
  }

  perform(operation: PlannedOperation) {
    return this.#http.perform(operation);
  }

  abandon() {
    this.#http.abandon();
  }

  takeCounters() {
    return this.#http.takeCounters();
  }

  close() {
    return this.#http.close();
  }
}

export default ((options) => new OverHttp(options)) satisfies CreateDriver;
