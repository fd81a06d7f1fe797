"""Makes the cases of this folder: `python make.py [regex]`, with onnx 1.23 and onnxruntime 1.30.

A case is one node with seeded inputs; the expected outputs are onnxruntime's. Inputs in `constants` become initialisers.
"""
import pathlib
import re
import shutil
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
only = re.compile(sys.argv[1] if len(sys.argv) > 1 else '.')
MS = 'com.microsoft'


class Draw:
    def __init__(self, name):
        self.rng = np.random.default_rng(sum(name.encode()))

    def f(self, *shape, low=-1.0, high=1.0):
        return (low + (high - low) * self.rng.random(shape)).astype(np.float32)

    def i(self, *shape, low, high, dtype=np.int64):
        return self.rng.integers(low, high, shape).astype(dtype)


def case(name, op, inputs, outputs=1, constants=(), opset=17, domain='', **attrs):
    """`outputs`: how many, or which ('' for one that is not wanted)."""
    if not only.search(name):
        return
    folder = here / name
    data = folder / 'test_data_set_0'
    shutil.rmtree(folder, ignore_errors=True)
    data.mkdir(parents=True)
    names = [f'y{i}' for i in range(outputs)] if isinstance(outputs, int) else outputs
    ids = ['' if x is None else f'x{i}' for i, x in enumerate(inputs)]
    node = helper.make_node(op, ids, names, name='it', domain=domain, **attrs)
    given = [(f'x{i}', x) for i, x in enumerate(inputs) if x is not None and i not in constants]
    fixed = [numpy_helper.from_array(np.asarray(inputs[i]), f'x{i}') for i in constants]
    kind = lambda x: helper.np_dtype_to_tensor_dtype(x.dtype)
    graph = helper.make_graph(
        [node],
        name,
        [helper.make_tensor_value_info(id, kind(x), x.shape) for id, x in given],
        [onnx.ValueInfoProto(name=y) for y in names if y],
        fixed,
    )
    sets = [helper.make_opsetid('', opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(graph, opset_imports=sets, ir_version=10, producer_name='')
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ['CPUExecutionProvider'])
    results = session.run([y for y in names if y], dict(given))
    for port, y in zip(model.graph.output, results):
        port.CopyFrom(helper.make_tensor_value_info(port.name, kind(y), y.shape))
    (folder / 'model.onnx').write_bytes(model.SerializeToString())
    for i, (_, x) in enumerate(given):
        (data / f'input_{i}.pb').write_bytes(numpy_helper.from_array(x).SerializeToString())
    for i, y in enumerate(results):
        (data / f'output_{i}.pb').write_bytes(numpy_helper.from_array(np.asarray(y)).SerializeToString())


def norms():
    d = Draw('norms')
    x, skip, row = d.f(2, 3, 8), d.f(2, 3, 8), lambda: d.f(8)
    ms = dict(domain=MS)
    case('skip_layer_norm', 'SkipLayerNormalization', [x, skip, row(), row(), row()], ['y', '', '', 'sum'], (2, 3, 4), **ms)
    case('skip_layer_norm_no_beta', 'SkipLayerNormalization', [x, skip, row()], 1, (2,), epsilon=0.1, **ms)
    case('skip_layer_norm_one_skip', 'SkipLayerNormalization', [x, d.f(1, 3, 8), row(), row()], 1, (2, 3), **ms)
    case('skip_layer_norm_flat_skip', 'SkipLayerNormalization', [x, d.f(3, 8), row(), row()], 1, (1, 2, 3), **ms)
    case('skip_rms_norm', 'SkipSimplifiedLayerNormalization', [x, skip, row(), row()], ['y', '', '', 'sum'], (2, 3), **ms)
    case('skip_rms_norm_plain', 'SkipSimplifiedLayerNormalization', [x, skip, row()], 1, (2,), epsilon=1e-6, **ms)
    case('simplified_layer_norm', 'SimplifiedLayerNormalization', [x, row()], 1, (1,), epsilon=0.01)
    case('simplified_layer_norm_statistics', 'SimplifiedLayerNormalization', [x, row()], 2, (1,), axis=-1)
    case('layer_norm_statistics', 'LayerNormalization', [x, d.f(3, 8), d.f(3, 8)], 3, (1, 2), axis=1)
    ids, segments = d.i(2, 4, low=0, high=5, dtype=np.int32), d.i(2, 4, low=0, high=2, dtype=np.int32)
    tables = [d.f(5, 8), d.f(6, 8), d.f(2, 8), row(), row()]
    mask = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32)
    case('embed_layer_norm', 'EmbedLayerNormalization', [ids, segments, *tables, mask], ['y', 'm', 'sum'], range(2, 7), **ms)
    case('embed_layer_norm_plain', 'EmbedLayerNormalization', [ids, None, *tables[:2], None, *tables[3:]], ['y', 'm'], (2, 3, 5, 6), **ms)
    positions = d.i(2, 4, low=0, high=6, dtype=np.int32)
    case('embed_layer_norm_positions', 'EmbedLayerNormalization', [ids, segments, *tables, None, positions], ['y', 'm'], range(2, 7), **ms)


norms()
