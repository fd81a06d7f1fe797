/** ValueInfoProto: what a model says of an input or output. */
import type { OnnxDimension, OnnxValueInfo } from './schema.ts';
import type { Message } from './wire.ts';

export function readValueInfo(message: Message): OnnxValueInfo {
  let name = '';
  let doc = '';
  let type: Pick<OnnxValueInfo, 'elementType' | 'shape'> | null = null;
  while (message.next()) {
    if (message.number === 1) name = message.text();
    else if (message.number === 2) {
      if (type !== null) throw message.invalid('type appears twice');
      type = readType(message.message('TypeProto'));
    } else if (message.number === 3) doc = message.text();
  }
  // 0 is ONNX's "undefined": nothing is said, and it may well be a tensor.
  return { name, ...(doc === '' ? {} : { doc }), ...(type ?? { elementType: 0, shape: null }) };
}

/** Sequences, maps and optionals are not tensors: their element type is null. */
function readType(message: Message): Pick<OnnxValueInfo, 'elementType' | 'shape'> {
  let elementType: number | null = 0;
  let shape: OnnxDimension[] | null = null;
  let seen = false;
  while (message.next()) {
    // Denotation, a word on what the value is for, is the one field that is no type.
    if (message.number !== 1 && message.number !== 6) elementType = null;
    if (message.number !== 1) continue;
    if (seen) throw message.invalid('tensor_type appears twice');
    seen = true;
    elementType = 0;
    const tensor = message.message('TypeProto.Tensor');
    while (tensor.next()) {
      if (tensor.number === 1) elementType = tensor.int();
      else if (tensor.number === 2) {
        if (shape !== null) throw tensor.invalid('shape appears twice');
        shape = readShape(tensor.message('TensorShapeProto'));
      }
    }
  }
  return { elementType, shape };
}

function readShape(message: Message): OnnxDimension[] {
  const dimensions: OnnxDimension[] = [];
  while (message.next()) {
    if (message.number !== 1) continue;
    if (dimensions.length === 64) throw message.invalid('a shape of more than 64 dimensions');
    const dimension = message.message('TensorShapeProto.Dimension');
    let extent: OnnxDimension = null;
    while (dimension.next()) {
      // Some exporters write -1, or an empty name, for "unknown".
      if (dimension.number === 1) {
        const value = dimension.int();
        extent = value < 0 ? null : value;
      } else if (dimension.number === 2) extent = dimension.text() || null;
    }
    dimensions.push(extent);
  }
  return dimensions;
}
