/**
 * Names of torchvision's checkpoints (`torchvision.models.resnet50().state_dict()`, saved as safetensors), for networks
 * whose parameters are called
 *
 *   conv1 | stem                                  the first convolution
 *   stage<s>.block<b>.conv<n> | .down, .mid, .up  convolutions of a block, counted from 1
 *   stage<s>.block<b>.shortcut                    the projection around it
 *   <convolution>.weight, <convolution>.norm.{weight, bias, running_mean, running_var}
 *   classifier.{weight, bias}
 *
 * Convolutions are [out, in, height, width] and dense weights [out, in] in both; only names differ.
 */
import { rules } from '../names.ts';

const numbers: Readonly<Record<string, string>> = { down: '1', mid: '2', up: '3' };

/** A parameter of the convolution or, where `norm` is not empty, of its normalisation. */
const numbered = (prefix: string, index: string, norm: string, role: string): string =>
  `${prefix}${norm === '' ? 'conv' : 'bn'}${index}.${role}`;

/** ResNet of any depth; `num_batches_tracked` is a counter of training. */
const resnet = rules(
  [
    [/^(?:conv1|stem)\.(norm\.)?(\w+)$/, (norm = '', role = '') => numbered('', '1', norm, role)],
    [
      /^stage(\d+)\.block(\d+)\.shortcut\.(norm\.)?(\w+)$/,
      (stage, block, norm, role) =>
        `layer${stage}.${Number(block) - 1}.downsample.${norm === '' ? 0 : 1}.${role}`,
    ],
    [
      /^stage(\d+)\.block(\d+)\.(?:conv)?(\d|down|mid|up)\.(norm\.)?(\w+)$/,
      (stage, block, conv = '', norm = '', role = '') =>
        numbered(`layer${stage}.${Number(block) - 1}.`, numbers[conv] ?? conv, norm, role),
    ],
    [/^classifier\./, 'fc.'],
  ],
  /\.num_batches_tracked$/,
);

/** Checkpoints of torchvision's ResNets. */
export const torchvision = {
  resnet18: resnet,
  resnet34: resnet,
  resnet50: resnet,
  resnet101: resnet,
  resnet152: resnet,
} as const;
