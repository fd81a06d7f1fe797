/** From a bundle's parts to a model on the WASM engine. */
import { checkAbi } from './engine/abi-hash.ts';
import { checkKernels } from './engine/held-kernels.ts';
import { runHostOp } from './engine/host.ts';
import type { WasmIsa } from './engine/isa.ts';
import { Threads } from './engine/threads.ts';
import { canRun, checkWebAssembly, compileEngine, WasmEngine } from './engine/wasm.ts';
import { MillraceError } from './error.ts';
import type { Manifest } from './format/format.ts';
import { layersOf, namesOf, type Opening, sourceFor } from './opening.ts';
import { defaultInFlight } from './options.ts';
import type { EngineFile } from './parts.ts';
import type { Engine } from './pipeline/engine.ts';
import { Loader } from './pipeline/loader.ts';
import { TRACE_EVENTS, TraceRing } from './pipeline/trace.ts';
import { WasmModel } from './pipeline/wasm-model.ts';
import { anotherSize, type WeightSource } from './weights/source.ts';

export async function openWasm(opening: Opening): Promise<Engine> {
  const { bundle, platform, options, manifest, choice, executor, program, check } = opening;
  const { plan, issue, prime } = choice;
  checkWebAssembly();
  const shared = options.threads > 1;
  const variant = await engineVariant(opening);
  if (shared && bundle.worker !== undefined) check('worker.js', await bundle.worker());
  const module = await compileEngine(variant.bytes, shared);
  checkKernels(module, program, variant.file);
  const traceEvents = options.trace && shared ? TRACE_EVENTS : 0;
  const engine = new WasmEngine(module, manifest, plan, program, options.threads, traceEvents);
  checkAbi(engine.abi, platform.crc32, variant.file);
  const source = await bundle.weights(sourceFor(opening));
  const trace = options.trace ? new TraceRing() : null;
  let threads: Threads | null = null;
  try {
    checkSize(source, manifest);
    // They come up (25 ms on Node) while the residents are read.
    if (shared) threads = new Threads(engine, platform.startThread);
    const loader = new Loader({
      segments: manifest.segments,
      issue,
      prime,
      targets: manifest.segments.map(({ byteLength }, s) =>
        engine.bytes(engine.layout.arena + plan.segmentOffsets[s]!, byteLength),
      ),
      source,
      engine: progressOf(engine, shared),
      crc32: platform.crc32,
      verify: options.verify,
      maxInFlight: options.inFlight ?? defaultInFlight.wasm,
      now: platform.now,
      trace,
    });
    await loader.loadResidents();
    return new WasmModel({
      drive: {
        engine,
        loader,
        host: (index) => runHostOp(engine, executor.host[index]!),
        nameOf: namesOf(opening),
        now: platform.now,
        turn: platform.turn,
        trace,
      },
      threads,
      source,
      isa: variant.isa,
      trace,
      layerOf: layersOf(opening),
      again: (threads) => openWasm({ ...opening, options: { ...options, threads } }),
    });
  } catch (error) {
    await threads?.stop();
    await source.close();
    throw error;
  }
}

interface EngineVariant {
  readonly file: EngineFile;
  readonly bytes: Uint8Array;
  readonly isa: WasmIsa;
}

/** The relaxed build where it is allowed, shipped and understood; it rounds differently, hence `deterministic`. */
async function engineVariant({ bundle, platform, options, check }: Opening): Promise<EngineVariant> {
  const read = async (file: EngineFile): Promise<Uint8Array> => {
    const bytes = await bundle.engine(file);
    check(file, bytes);
    return bytes;
  };
  const relaxed = 'engine-relaxed.wasm';
  if (options.isa !== 'wasm-simd128' && !options.deterministic) {
    const bytes = await read(relaxed);
    if (!canRun(bytes)) platform.allowRelaxedSimd?.();
    if (canRun(bytes)) return { file: relaxed, bytes, isa: 'wasm-relaxed-simd' };
    if (options.isa === 'wasm-relaxed-simd')
      throw new MillraceError('ENGINE', 'this platform does not know relaxed SIMD', {
        at: 'isa',
        expected: 'wasm-simd128',
        got: 'wasm-relaxed-simd',
      });
  }
  const plain = 'engine.wasm';
  return { file: plain, bytes: await read(plain), isa: 'wasm-simd128' };
}

function progressOf(engine: WasmEngine, shared: boolean) {
  const { control } = engine;
  return {
    progress: () => control.get('progress'),
    // Alone, the engine returns after every step anyhow.
    setWakeAt: (step: number) => {
      if (shared) control.set('wakeAt', step);
    },
    setState: engine.setState.bind(engine),
    stop: () => control.set('stop', 1),
  };
}

function checkSize(source: WeightSource, manifest: Manifest): void {
  if (source.byteLength === manifest.weightsFileBytes) return;
  throw anotherSize(manifest.weightsFileBytes, source.byteLength);
}
