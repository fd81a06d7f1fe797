/**
 * Names of torchvision's checkpoints (`torchvision.models.resnet50().state_dict()`, saved as safetensors), for networks
 * whose parameters are called
 *
 *   conv1 | stem                                  the first convolution
 *   stage<s>.block<b>.conv<n> | .down, .mid, .up  convolutions of a block, counted from 1
 *   stage<s>.block<b>.shortcut                    the projection around it
 *   <convolution>.weight, <convolution>.norm.{scale, bias, mean, variance}
 *   classifier.{weight, bias}
 *
 * Convolutions are [out, in, height, width] and dense weights [out, in] in both; only names differ.
 */
import { rules } from '../names.ts';

const statistics: Readonly<Record<string, string>> = {
  scale: 'weight',
  bias: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};
const convolutions: Readonly<Record<string, string>> = { down: '1', mid: '2', up: '3' };

/** A convolution's weight, or a parameter of its normalisation, in the sequence that torchvision calls `name`. */
const shortcut = (name: string, role: string): string =>
  role === 'weight' ? `${name}.0.weight` : `${name}.1.${statistics[role]}`;
const numbered = (prefix: string, index: string, role: string): string =>
  role === 'weight' ? `${prefix}conv${index}.weight` : `${prefix}bn${index}.${statistics[role]}`;

/** ResNet of any depth; `num_batches_tracked` is a counter of training. */
const resnet = rules(
  [
    [/^(?:conv1|stem)\.(?:norm\.)?(\w+)$/, (role = '') => numbered('', '1', role)],
    [
      /^stage(\d+)\.block(\d+)\.shortcut\.(?:norm\.)?(\w+)$/,
      (stage, block, role = '') => shortcut(`layer${stage}.${Number(block) - 1}.downsample`, role),
    ],
    [
      /^stage(\d+)\.block(\d+)\.(?:conv)?(\d|down|mid|up)\.(?:norm\.)?(\w+)$/,
      (stage, block, conv = '', role = '') =>
        numbered(`layer${stage}.${Number(block) - 1}.`, convolutions[conv] ?? conv, role),
    ],
    [/^classifier\./, 'fc.'],
  ],
  /\.num_batches_tracked$/,
);

export const torchvision = {
  resnet18: resnet,
  resnet34: resnet,
  resnet50: resnet,
  resnet101: resnet,
  resnet152: resnet,
} as const;
