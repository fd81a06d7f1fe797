/** The fuzzers, by what they alter, with their share of a campaign's cases. */
import type { MakeFuzzer } from './fuzzer.ts';
import { manifestFuzzer } from './manifest.ts';
import { namesFuzzer } from './names.ts';
import { onnxFuzzer } from './onnx.ts';
import { programFuzzer } from './program.ts';
import { darknetFuzzer, npzFuzzer, safetensorsFuzzer } from './tensors.ts';
import { weightsFuzzer } from './weights.ts';

export interface Target {
  readonly make: MakeFuzzer;
  /** Cases of a whole campaign: 21,400 in all. */
  readonly cases: number;
}

export const targets: Readonly<Record<string, Target>> = {
  manifest: { make: manifestFuzzer, cases: 6000 },
  program: { make: programFuzzer, cases: 4000 },
  weights: { make: weightsFuzzer, cases: 3000 },
  onnx: { make: onnxFuzzer, cases: 3000 },
  safetensors: { make: safetensorsFuzzer, cases: 2000 },
  npz: { make: npzFuzzer, cases: 1500 },
  darknet: { make: darknetFuzzer, cases: 1500 },
  names: { make: namesFuzzer, cases: 400 },
};
