/**
 * `millrace/weights`: weights from files, and to them. A map (`rules`, or one that is given) says which tensor of a file
 * each parameter is; `part`, `transposed`, `shaped`, `joined` and `steps` say what is made of it.
 */
export { type LoadWeightsOptions, loadWeights } from './load.ts';
export { type BertNames, huggingface } from './maps/huggingface.ts';
export { torchvision } from './maps/torchvision.ts';
export { mapNames, type NameMap, type Rule, rules, type Source } from './names.ts';
export { joined, part, shaped, steps, type Transform, transposed } from './transforms.ts';
export type { WeightSet } from './weight-set.ts';
export { type SafetensorsOptions, type Tensors, toSafetensors } from './write-safetensors.ts';
