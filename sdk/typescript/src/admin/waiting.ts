/** Wait for what workers do in the background. */

import { WaitTimeout } from "../errors.js";
import { sleep } from "../retries.js";

const FINAL_STATES = new Set(["completed", "failed", "cancelled"]);
const FIRST_POLL_SECONDS = 0.2;
const MAX_POLL_SECONDS = 5;

/** How to wait. */
export interface WaitOptions<T> {
  /** Called with the object after each look at it. */
  progress?: (current: T) => void;
  /** After it follows a WaitTimeout; an hour by default. */
  timeoutSeconds?: number;
}

/** Poll an object, less often the longer it takes, until its state is final. */
export async function waitFor<T extends { state: string }>(
  title: string,
  look: () => Promise<T>,
  { progress, timeoutSeconds = 3600 }: WaitOptions<T>,
): Promise<T> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (
    let pause = FIRST_POLL_SECONDS;
    ;
    pause = Math.min(MAX_POLL_SECONDS, pause * 1.5)
  ) {
    const current = await look();
    progress?.(current);
    if (FINAL_STATES.has(current.state)) return current;
    if (performance.now() + pause * 1000 > deadline) {
      throw new WaitTimeout(
        `${title} is still ${current.state} after ${timeoutSeconds} seconds. It ` +
          "continues in the background: wait again, or cancel it.",
      );
    }
    await sleep(pause);
  }
}
