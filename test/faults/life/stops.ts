/** Runs that are stopped: by a signal, by threads that are terminated, by a process that exits. */
import { engines, expectEach, rightDigest, runBundle, type Scenario, times, withBundle } from './scenario.ts';

const streamed = { mode: 'stream', plan: 'smallest' } as const;

export const aborts: Scenario = (terms) =>
  withBundle(async (folder) => {
    const runs = times(terms, 100);
    for (const engine of engines)
      for (const threads of [1, 2]) {
        const options = { ...streamed, engine, threads };
        const right = await rightDigest(folder, options);
        const ended = await runBundle(folder, options, { runs, what: 'aborts' });
        expectEach(ended, right, ['ABORTED'], `${engine}, ${threads} threads`);
        if (ended.at(-1) !== right) throw new Error(`${engine}: the run after the last abort is not right`);
      }
    return { said: `${4 * runs} aborts` };
  });

export const workers: Scenario = (terms) =>
  withBundle(async (folder) => {
    const options = { ...streamed, engine: 'wasm', threads: 3 } as const;
    const right = await rightDigest(folder, options);
    const runs = times(terms, 40);
    const ended = await runBundle(folder, options, { runs, what: 'workers' });
    expectEach(ended, right, ['ENGINE'], 'threads terminated');
    return { said: `${runs} threads terminated` };
  });

export const exits: Scenario = (terms) =>
  withBundle(async (folder) => {
    const count = times(terms, 25);
    for (const engine of engines)
      for (const threads of [1, 2])
        for (let i = 0; i < count; i++) {
          const how = await runBundle(
            folder,
            { ...streamed, engine, threads },
            { what: 'exit', timeout: 60_000 },
          ).then(
            () => 'ran on',
            (error: { code?: unknown; signal?: unknown }) => error.code ?? error.signal,
          );
          if (how !== 7)
            throw new Error(`${engine}, ${threads} threads: ended with ${how}, not with its exit code`);
        }
    return { said: `${4 * count} exits` };
  });
