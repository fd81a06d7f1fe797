/**
 * Matrix product as numpy has it, y = act(a·b + bias + residual): batch dimensions broadcast, the last two are
 * multiplied; bias is a row. With constant b it becomes one product over packed panels, with all leading
 * dimensions of a as rows; otherwise a strided batched product, and what the epilogue asks for as calls of its own.
 * Operands of rank 1 are not accepted. (ONNX MatMul-13, Gemm-13)
 */
import { elementCount, formatType, type Shape, type TensorType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call, type KernelCall, type Lowered, type Operand } from '../define/lowering.ts';
import { defineOp, type EpilogueAttrs, noEpilogue, required, shapeError } from '../define/op.ts';
import { optionalOf } from '../define/typing.ts';
import { batchedProduct, batchStrides, matrixOf } from '../lowering/matrix.ts';
import { allFloat32, type PanelWeight, packable, wholeLayer } from '../lowering/panels.ts';
import { broadcastShapes, broadcastStrides, collapse, numbered } from '../lowering/strides.ts';
import { activationOf, epilogueParams } from '../reference/activation.ts';
import { checkEpilogue, finish } from '../reference/epilogue.ts';
import { optionalReals, present, realsOf, tensorOfReals } from '../reference/reals.ts';

interface Attrs extends EpilogueAttrs {
  readonly transA: boolean;
  readonly transB: boolean;
}

export const matmul = /* @__PURE__ */ defineOp({
  name: 'matmul',
  inputs: ['a', 'b', 'bias?', 'residual?'],
  attrs: { transA: false, transB: false, ...noEpilogue },
  traits: {
    apart({ transA }, input, axis, [a], [y]) {
      // Rows of the first matrix, and what stacks it.
      const rank = a!.shape.length;
      if (input !== 0 || axis === (transA ? rank - 2 : rank - 1)) return null;
      return axis + y!.shape.length - rank - (axis === rank - 1 ? 1 : 0);
    },
    linear: { weight: 1, bias: 2, residual: 3, channelAxis: ({ transB }) => (transB ? -2 : -1) },
    epilogue: true,
  },

  infer(inputs, attrs) {
    const a = required(inputs, 0, 'a');
    const b = required(inputs, 1, 'b');
    for (const [name, type] of [['a', a] as const, ['b', b] as const])
      if (type.shape.length < 2 || type.dtype === 'bool')
        throw shapeError(`input ${name}`, 'numbers of rank 2 or more', formatType(type));
    const left = matrixOf(a.shape, attrs.transA);
    const right = matrixOf(b.shape, attrs.transB);
    if (a.dtype !== b.dtype || left.columns !== right.rows)
      throw shapeError(
        'inputs a and b',
        `${a.dtype} matrices of which the second has ${left.columns} rows`,
        `${formatType(a)}${attrs.transA ? ' transposed' : ''} and ${formatType(b)}${attrs.transB ? ' transposed' : ''}`,
      );
    checkEpilogue(attrs);
    const batch = broadcastShapes(left.batch, right.batch);
    const y: TensorType = { dtype: a.dtype, shape: [...batch, left.rows, right.columns] };
    optionalOf(inputs, 2, 'bias', { dtype: a.dtype, shape: [right.columns] });
    optionalOf(inputs, 3, 'residual', y);
    return [y];
  },

  evaluate(inputs, attrs, [yType]) {
    const left = matrixOf(present(inputs, 0).type.shape, attrs.transA);
    const right = matrixOf(present(inputs, 1).type.shape, attrs.transB);
    const a = realsOf(present(inputs, 0));
    const b = realsOf(present(inputs, 1));
    const bias = optionalReals(inputs[2]);
    const batch = yType!.shape.slice(0, -2);
    const aStrides = batchStrides(left, batch);
    const bStrides = batchStrides(right, batch);
    const m = left.rows;
    const n = right.columns;
    const k = left.columns;
    const y = new Float64Array(elementCount(yType!.shape));
    // One column of b, gathered so that the inner loop walks both operands forward.
    const column = new Float64Array(k);
    const stack = elementCount(batch);
    for (let s = 0; s < stack; s++) {
      let aStart = 0;
      let bStart = 0;
      for (let axis = batch.length - 1, rest = s; axis >= 0; axis--) {
        aStart += (rest % batch[axis]!) * aStrides[axis]!;
        bStart += (rest % batch[axis]!) * bStrides[axis]!;
        rest = Math.floor(rest / batch[axis]!);
      }
      for (let j = 0; j < n; j++) {
        for (let p = 0; p < k; p++) column[p] = b[bStart + p * right.rowStride + j * right.columnStride]!;
        for (let i = 0; i < m; i++) {
          const row = aStart + i * left.rowStride;
          let sum = bias === null ? 0 : bias[j]!;
          for (let p = 0; p < k; p++) sum += a[row + p * left.columnStride]! * column[p]!;
          y[(s * m + i) * n + j] = sum;
        }
      }
    }
    finish(y, optionalReals(inputs[3]), attrs);
    return [tensorOfReals(yType!, y)];
  },

  lower(context) {
    const { attrs, inputs } = context;
    const [a, b] = inputs;
    const [y] = context.outputs;
    if (!a || !b || !y || !allFloat32(...inputs, y) || elementCount(y.shape) === 0) return null;
    const left = matrixOf(a.shape, attrs.transA);
    const right = matrixOf(b.shape, attrs.transB);
    const packed = packable(context, 1, 2);
    // A transposed row or column has the bytes of the plain one.
    const rowMajor = !attrs.transA || left.rows === 1 || left.columns === 1;
    if (packed && rowMajor && elementCount(right.batch) === 1) {
      const weight: PanelWeight = {
        layout: 'panels',
        ...packed,
        groups: 1,
        channels: right.columns,
        reduce: [right.rows],
        reduceStrides: [right.rowStride],
        channelStride: right.columnStride,
        groupStride: 0,
      };
      const operands = {
        y: { output: 0 },
        x: { input: 0 },
        w: { weight: 0 },
        residual: inputs[3] ? { input: 3 } : null,
      };
      const n = right.columns;
      const params = {
        m: elementCount(y.shape) / n,
        n,
        k: left.columns,
        ldx: left.columns,
        ldy: n,
        ldr: n,
        ...wholeLayer(weight),
        ...epilogueParams(attrs),
      };
      return { calls: [call('f32-gemm', operands, params)], weights: [weight], scratch: [] };
    }
    const product = batchedProduct(left, right, y);
    return product && withEpilogue(product, attrs, inputs, y.shape);
  },

  cost(inputs, outputs, attrs) {
    const depth = matrixOf(required(inputs, 0, 'a').shape, attrs.transA).columns;
    const y = outputs[0]!;
    const b = inputs[1] ?? null;
    return {
      flops: 2 * elementCount(y.shape) * depth,
      bytes: trafficOf([inputs[0] ?? null, b, inputs[3] ?? null], outputs),
    };
  },
});

/** Bias, residual and function as calls on the output, in place; the function rides on the last addition. */
function withEpilogue(
  product: KernelCall,
  attrs: Attrs,
  inputs: readonly (TensorType | null)[],
  shape: Shape,
): Lowered {
  const y: Operand = { output: 0 };
  const added = [2, 3].filter((input) => inputs[input]);
  const additions = added.map((input, i) => {
    const { dims, strides } = collapse(shape, [
      broadcastStrides(shape, shape),
      broadcastStrides(inputs[input]!.shape, shape),
    ]);
    const epilogue = i === added.length - 1 ? attrs : noEpilogue;
    return call(
      'f32-binary',
      { y, a: y, b: { input } },
      {
        ...numbered('d', dims, 1),
        ...numbered('a', strides[0]!, 0),
        ...numbered('b', strides[1]!, 0),
        fn: 'add',
        ...epilogueParams(epilogue),
      },
    );
  });
  const calls = [product, ...additions];
  const { fn, alpha, beta } = activationOf(attrs);
  if (added.length === 0 && fn !== 'none')
    calls.push(call('f32-unary', { y, x: y }, { count: elementCount(shape), fn, alpha, beta }));
  return { calls, weights: [], scratch: [] };
}
