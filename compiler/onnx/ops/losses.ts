/** Losses as they are evaluated: what is picked by the labels, weighted and summed up. */
import type { ValueId } from '../../ir/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';

/** Of log probabilities [N, C, …] and labels [N, …]: −w[label]·p[label], where a label to be ignored weighs nothing. */
function negativeLogLikelihood(node: ImportNode, x: ValueId, labels: ValueId): ValueId {
  const { dtype, shape } = node.type(x);
  const { dtype: labelType, shape: labelShape } = node.type(labels);
  const given = node.optional(2);
  const reduction = node.string('reduction', 'mean');
  if (!['none', 'sum', 'mean'].includes(reduction))
    node.invalid('attribute "reduction"', 'none, sum or mean', reduction);
  const ignored = node.has('ignore_index')
    ? node.emit(
        'equal',
        [labels, node.scalar(labelType, node.int('ignore_index', 0), 'ignore_index')],
        {},
        'ignored',
      )
    : null;
  const known =
    ignored === null
      ? labels
      : node.emit('where', [ignored, node.scalar(labelType, 0, 'first'), labels], {}, 'known');
  const column = node.reshape(known, shape.with(1, 1), 'column');
  const picked = node.reshape(
    node.emit('gatherElements', [x, column], { axis: 1 }, 'picked'),
    labelShape,
    'row',
  );
  const loss = node.emit('neg', [picked], {}, 'loss');
  let weights = given === null ? null : node.emit('gather', [given, known], { axis: 0 }, 'weights');
  if (ignored !== null) {
    const others = weights ?? node.scalar(dtype, 1, 'one');
    weights = node.emit('where', [ignored, node.scalar(dtype, 0, 'none'), others], {}, 'counted');
  }
  const weighted = weights === null ? loss : node.emit('mul', [loss, weights], {}, 'weighted');
  if (reduction === 'none') return weighted;
  const all = { axes: labelShape.map((_, i) => i), keepDims: false };
  if (reduction === 'mean' && weights === null) return node.emit('reduceMean', [weighted], all, 'mean');
  const sum = node.emit('reduceSum', [weighted], all, 'sum');
  if (reduction === 'sum' || weights === null) return sum;
  return node.emit('div', [sum, node.emit('reduceSum', [weights], all, 'weight')], {}, 'mean');
}

const logLikelihood: Import = (node) => [negativeLogLikelihood(node, node.input(0), node.input(1))];

/** Of scores; the second output is their log probabilities. */
const crossEntropy: Import = (node) => {
  const logs = node.emit('logSoftmax', [node.input(0)], { axis: 1 }, 'log_prob');
  return [negativeLogLikelihood(node, logs, node.input(1)), logs];
};

export const losses = defineOnnx({
  imports: { NegativeLogLikelihoodLoss: logLikelihood, SoftmaxCrossEntropyLoss: crossEntropy },
  exports: {},
});
