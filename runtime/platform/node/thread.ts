/** Engine threads as Node worker threads, with as little isolate around them as Node allows. */
import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { StartThread } from '../../engine/threads.ts';

/** The isolate holds an instance of the engine and nothing else; V8's defaults reserve for programs. */
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8, stackSizeMb: 1 };

/** Starts threads that run the file at `script` (`worker.ts`, compiled). */
export const nodeThreads =
  (script: URL): StartThread =>
  (start, died) => {
    const worker = new Worker(script, {
      workerData: start,
      resourceLimits,
      execArgv: [],
      env: SHARE_ENV,
      trackUnmanagedFds: false,
    });
    worker.on('error', died);
    worker.on('exit', (code) => died(`exit code ${code}`));
    return {
      hold: (on) => (on ? worker.ref() : worker.unref()),
      terminate: async () => {
        await worker.terminate();
      },
    };
  };
