/**
 * A peer is a process that answers one line of JSON with one line of JSON. It holds one row at a time:
 *
 *   {"do": "setup", "kind", "size", "threads"} → {"parameters", "createMs"}
 *   {"do": "run", "seconds", "least"}          → {"ms": [time of each repetition], "loss"}
 *   {"do": "memory"}                           → {"bytes": peak resident memory}
 *
 * and {"error"} where it cannot.
 */
import { createInterface } from 'node:readline';

/**
 * @param {(request: object) => Promise<{once: () => Promise<number | undefined>, parameters?: number}>} setup
 *   prepares a row; `once` is what is timed
 */
export async function serve(setup, description = {}) {
  let row;
  const answer = async (request) => {
    switch (request.do) {
      case 'setup': {
        const started = performance.now();
        row = await setup(request);
        await row.once();
        return { parameters: row.parameters, createMs: row.createMs ?? performance.now() - started, ...description };
      }
      case 'run': {
        const ms = [];
        let loss;
        const cpu = process.cpuUsage();
        const started = performance.now();
        while (ms.length < request.least || performance.now() - started < 1000 * request.seconds) {
          const before = performance.now();
          loss = await row.once();
          ms.push(performance.now() - before);
        }
        const { user, system } = process.cpuUsage(cpu);
        return { ms, loss, cpuMs: (user + system) / 1000 / ms.length };
      }
      default:
        return { bytes: process.resourceUsage().maxRSS * 1024 };
    }
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line)).catch((error) => ({ error: String(error?.message ?? error) }));
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
