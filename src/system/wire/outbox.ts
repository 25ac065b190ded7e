/** Something with an answer ready to be sent. */
export interface Sender {
  send(): void;
}

let senders: Sender[] = [];

/**
 * Sends at the end of this turn of the event loop, after every request that has arrived was answered. A client that
 * sleeps until it gets an answer is woken once for all of its answers: waking it costs the server more than the rest
 * of a write does.
 */
export function sendThisTurn(sender: Sender): void {
  if (senders.push(sender) === 1) setImmediate(sendAll);
}

function sendAll(): void {
  const ready = senders;
  senders = [];
  for (const sender of ready) sender.send();
}
