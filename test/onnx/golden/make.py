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
    attrs = {key.rstrip('_'): value for key, value in attrs.items()}
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


def quantized():
    d = Draw('quantized')
    ms = dict(domain=MS)
    s = lambda value: np.float32(value)
    u8, i8 = np.uint8, np.int8
    # Sums of two products that 16 bits hold: beyond, onnxruntime saturates on some processors.
    q = lambda *shape, dtype=u8: d.i(*shape, low=0 if dtype is u8 else -64, high=256 if dtype is u8 else 64, dtype=dtype)
    for name, dtype in (('uint8', u8), ('int8', i8)):
        z = lambda value: dtype(value)
        a, b = q(2, 3, 4, dtype=dtype), q(3, 1, dtype=dtype)
        x = q(1, 3, 4, 5, dtype=dtype)
        case(f'qlinear_add_{name}', 'QLinearAdd', [a, s(0.03), z(7), b, s(0.05), z(3), s(0.0613), z(5)], 1, (1, 2, 4, 5, 6, 7), **ms)
        case(f'qlinear_mul_{name}', 'QLinearMul', [a, s(0.03), z(7), b, s(0.05), z(3), s(0.1013), z(5)], 1, (1, 2, 4, 5, 6, 7), **ms)
        case(f'qlinear_sigmoid_{name}', 'QLinearSigmoid', [a, s(0.03), z(7), s(1 / 256), z(0)], 1, (1, 2, 3, 4), **ms)
        case(f'qlinear_leaky_relu_{name}', 'QLinearLeakyRelu', [a, s(0.03), z(7), s(0.0413), z(9)], 1, (1, 2, 3, 4), alpha=0.2, **ms)
        case(f'qlinear_softmax_{name}', 'QLinearSoftmax', [a, s(0.03), z(7), s(1 / 256), z(0)], 1, (1, 2, 3, 4), opset_=13, axis=-1, **ms)
        case(f'qlinear_average_pool_{name}', 'QLinearAveragePool', [x, s(0.03), z(7), s(0.0217), z(9)], 1, (1, 2, 3, 4), kernel_shape=[2, 2], pads=[1, 0, 0, 1], **ms)
        case(f'qlinear_global_average_pool_{name}', 'QLinearGlobalAveragePool', [x, s(0.03), z(7), s(0.02), z(9)], 1, (1, 2, 3, 4), channels_last=0, **ms)
    case('qlinear_softmax_flat', 'QLinearSoftmax', [q(2, 3, 4), s(0.03), u8(7), s(1 / 256), u8(0)], 1, (1, 2, 3, 4), opset_=9, axis=1, **ms)
    case('qlinear_average_pool_last', 'QLinearAveragePool', [q(1, 4, 5, 3), s(0.03), u8(7), s(0.02), u8(9)], 1, (1, 2, 3, 4), kernel_shape=[3, 2], strides=[2, 1], channels_last=1, **ms)
    case('qlinear_global_average_pool_last', 'QLinearGlobalAveragePool', [q(1, 4, 5, 3), s(0.03), u8(7), s(0.02), u8(9)], 1, (1, 2, 3, 4), channels_last=1, **ms)
    case('qlinear_concat', 'QLinearConcat', [s(0.05), u8(3), q(2, 3), s(0.03), u8(7), q(2, 2), s(0.06), u8(100)], 1, (0, 1, 3, 4, 6, 7), axis=1, **ms)

    x, w = q(1, 4, 6, 5), q(3, 4, 3, 3, dtype=i8)
    bias = d.i(3, low=-5000, high=5000, dtype=np.int32)
    scales = d.f(3, low=0.001, high=0.01)
    rest = dict(pads=[1, 1, 1, 1], strides=[2, 1])
    case('qlinear_conv', 'QLinearConv', [x, s(0.03), u8(120), w, scales, np.zeros(3, i8), s(0.1), u8(128), bias], 1, range(1, 9), **rest)
    case('qlinear_conv_group', 'QLinearConv', [x, s(0.03), u8(120), q(4, 1, 3, 3), s(0.01), u8(131), s(0.1), u8(128)], 1, range(1, 8), group=4)
    deep = [q(1, 96, 4, 4), s(0.03), u8(120), q(5, 96, 3, 3, dtype=i8), s(0.003), i8(0), s(0.5), u8(128), d.i(5, low=-9999, high=9999, dtype=np.int32)]
    case('qlinear_conv_deep', 'QLinearConv', deep, 1, range(1, 9))
    case('conv_integer', 'ConvInteger', [x, q(3, 4, 3, 3), u8(120), u8(131)], 1, (1, 2, 3), pads=[1, 1, 1, 1])
    case('conv_integer_deep', 'ConvInteger', [q(1, 200, 3, 3), q(2, 200, 3, 3), u8(120), u8(3)], 1, (1, 2, 3))
    a, b = q(2, 3, 40), q(40, 5, dtype=i8)
    case('matmul_integer', 'MatMulInteger', [a, b, u8(120), i8(3)], 1, (1, 2, 3))
    case('matmul_integer_columns', 'MatMulInteger', [a, b, u8(120), q(5, dtype=i8)], 1, (1, 2, 3))
    case('matmul_integer_both', 'MatMulInteger', [q(3, 700), q(700, 4)])
    case('matmul_integer_deep', 'MatMulInteger', [q(2, 6000), q(6000, 3), u8(2), u8(250)], 1, (2, 3))
    case('qlinear_matmul', 'QLinearMatMul', [a, s(0.03), u8(120), b, s(0.01), i8(3), s(0.08), u8(100)], 1, range(1, 8))
    case('qlinear_matmul_columns', 'QLinearMatMul', [a, s(0.03), u8(120), b, d.f(5, low=0.01, high=0.02), q(5, dtype=i8), s(0.2), u8(100)], 1, range(1, 8))
    case('matmul_integer_to_float', 'MatMulIntegerToFloat', [a, b, s(0.03), d.f(5), u8(120), q(5, dtype=i8), d.f(5)], 1, range(1, 7), **ms)
    case('dynamic_quantize_matmul', 'DynamicQuantizeMatMul', [d.f(2, 3, 40), b, s(0.03), i8(3), d.f(5)], 1, range(1, 5), **ms)
    case('qgemm', 'QGemm', [q(3, 40), s(0.03), u8(120), q(5, 40, dtype=i8), s(0.01), i8(0), d.i(5, low=-99, high=99, dtype=np.int32), s(0.2), u8(100)], 1, range(1, 9), transB=1, **ms)
    case('qgemm_float', 'QGemm', [q(40, 3), s(0.03), u8(120), b, d.f(5), np.zeros(5, i8), d.i(5, low=-99, high=99, dtype=np.int32)], 1, range(1, 7), transA=1, **ms)
    wide = d.f(3, 4, low=-2, high=5)
    case('dynamic_quantize', 'DynamicQuantizeLinear', [wide], 3)
    case('dynamic_quantize_above', 'DynamicQuantizeLinear', [wide + 9], 3)
    case('quantize_axis', 'QuantizeLinear', [wide, d.f(4, low=0.01, high=0.1), q(4, dtype=i8)], 1, (1, 2), axis=-1)
    case('quantize_uint16', 'QuantizeLinear', [wide, s(0.001), np.uint16(9)], 1, (1, 2), opset=21)
    case('quantize_blocks', 'QuantizeLinear', [wide, d.f(2, 4, low=0.01, high=0.1), q(2, 4, dtype=i8)], 1, (1, 2), opset=21, axis=0, block_size=2)
    case('dequantize_int32', 'DequantizeLinear', [d.i(3, 4, low=-9999, high=9999, dtype=np.int32), s(0.01)], 1, (1,))
    case('dequantize_axis', 'DequantizeLinear', [q(3, 4, 2), d.f(4), q(4)], 1, (1, 2))
    case('dequantize_half', 'DequantizeLinear', [q(3, 4), np.float16(0.01), u8(9)], 1, (1, 2), opset=21)
    case('dequantize_blocks', 'DequantizeLinear', [q(4, 5, dtype=i8), d.f(4, 3)], 1, (1,), opset=21, axis=1, block_size=2)
    case('dequantize_contrib', 'DequantizeLinear', [q(3, 4, 2), d.f(4), q(4)], 1, (1, 2), axis=1, **ms)


def attention():
    d = Draw('attention')
    ms = dict(domain=MS)
    i32 = lambda *values: np.array(values, np.int32)
    b, s, n, h = 2, 3, 2, 4
    w = n * h
    x, weights, bias = d.f(b, s, 6), d.f(6, 3 * w), d.f(3 * w)
    fixed = (1, 2)
    case('attention', 'Attention', [x, weights, bias], 1, fixed, num_heads=n, **ms)
    case('attention_causal', 'Attention', [x, weights, bias], 1, fixed, num_heads=n, unidirectional=1, scale=0.3, **ms)
    case('attention_mask', 'Attention', [x, weights, bias, np.array([[1, 1, 0], [1, 1, 1]], np.int32)], 1, fixed, num_heads=n, **ms)
    case('attention_lengths', 'Attention', [x, weights, bias, i32(2, 3)], 1, fixed, num_heads=n, **ms)
    case('attention_ends_and_begins', 'Attention', [x, weights, bias, i32(3, 2, 1, 0)], 1, fixed, num_heads=n, **ms)
    case('attention_mask_3d', 'Attention', [x, weights, bias, d.i(b, s, s, low=0, high=2, dtype=np.int32)], 1, fixed, num_heads=n, **ms)
    case('attention_sizes', 'Attention', [x, d.f(6, 8 + 8 + 6), d.f(22)], 1, fixed, num_heads=n, qkv_hidden_sizes=[8, 8, 6], **ms)
    past = d.f(2, b, n, 2, h)
    mask = np.array([[1, 1, 1, 1, 0], [0, 1, 1, 1, 1]], np.int32)
    case('attention_past', 'Attention', [x, weights, bias, mask, past], 2, fixed, num_heads=n, unidirectional=1, **ms)
    case('attention_hidden', 'Attention', [d.f(1, n, s, h), d.f(1, n, s, h), d.f(1, n, s, h), np.array([[1, 0, 1], [0, 0, 0], [0, 1, 1]], bool)], 1, opset=24)
    case('attention_bias', 'Attention', [x, weights, bias, None, None, d.f(1, n, s, s)], 1, fixed, num_heads=n, **ms)

    q, k, v = d.f(b, s, w), d.f(b, 5, w), d.f(b, 5, 6)
    case('mha', 'MultiHeadAttention', [q, k, v], 1, num_heads=n, **ms)
    case('mha_bias', 'MultiHeadAttention', [q, k, v, d.f(w + w + 6)], 1, (3,), num_heads=n, scale=0.4, **ms)
    case('mha_heads', 'MultiHeadAttention', [q, d.f(b, n, 5, h), d.f(b, n, 5, h)], 1, num_heads=n, **ms)
    padding = np.array([[1, 1, 1, 1, 0], [0, 1, 1, 0, 1]], np.int32)
    case('mha_padding', 'MultiHeadAttention', [q, k, v, None, padding], 1, num_heads=n, **ms)
    case('mha_lengths', 'MultiHeadAttention', [q, k, v, None, i32(4, 5)], 1, num_heads=n, **ms)
    case('mha_attention_bias', 'MultiHeadAttention', [q, k, v, None, None, d.f(1, n, s, 5)], 1, num_heads=n, **ms)
    keys, values = d.f(b, s, w), d.f(b, s, w)
    cache = [d.f(b, n, 2, h), d.f(b, n, 2, h)]
    case('mha_past', 'MultiHeadAttention', [q, keys, values, None, None, None, *cache], 3, num_heads=n, unidirectional=1, **ms)

    g = 2
    angles = [d.f(8, 8), d.f(8, 8)]
    heads = dict(num_heads=4, kv_num_heads=g, **ms)
    q, k, v = d.f(1, 3, 4 * 16), d.f(1, 3, g * 16), d.f(1, 3, g * 16)
    none = [np.zeros((1, g, 0, 16), np.float32)] * 2
    case('gqa_prompt', 'GroupQueryAttention', [q, k, v, None, None, i32(2), np.int32(3)], 3, (6,), **heads)
    case('gqa_prompt_rotary', 'GroupQueryAttention', [q, k, v, *none, i32(2), np.int32(3), *angles], 3, (6, 7, 8), do_rotary=1, **heads)
    one = [d.f(1, 1, 4 * 16), d.f(1, 1, g * 16), d.f(1, 1, g * 16)]
    cache = [d.f(1, g, 4, 16), d.f(1, g, 4, 16)]
    case('gqa_decode', 'GroupQueryAttention', [*one, *cache, i32(4), np.int32(5)], 3, (6,), **heads)
    case('gqa_decode_rotary', 'GroupQueryAttention', [*one, *cache, i32(4), np.int32(5), *angles], 3, (6, 7, 8), do_rotary=1, rotary_interleaved=1, **heads)
    case('gqa_total_at_run_time', 'GroupQueryAttention', [*one, *cache, i32(4), np.array([5], np.int32), *angles], 3, (7, 8), do_rotary=1, **heads)
    case('gqa_window', 'GroupQueryAttention', [*one, *cache, i32(4), np.int32(5)], 3, (6,), local_window_size=2, **heads)
    case('gqa_softcap', 'GroupQueryAttention', [q, k, v, None, None, i32(2), np.int32(3)], 3, (6,), softcap=0.7, scale=0.9, **heads)
    case('gqa_packed', 'GroupQueryAttention', [d.f(1, 3, 8 * 16), None, None, *none, i32(2), np.int32(3), *angles], 3, (6, 7, 8), do_rotary=1, **heads)
    case('gqa_batch', 'GroupQueryAttention', [d.f(2, 3, 64), d.f(2, 3, 32), d.f(2, 3, 32), None, None, i32(2, 2), np.int32(3)], 3, (6,), **heads)

    angles = [d.f(8, 4), d.f(8, 4)]
    x4 = d.f(2, 2, 3, 8)
    case('rotary', 'RotaryEmbedding', [x4, d.i(2, 3, low=0, high=8), *angles], 1, (2, 3), **ms)
    case('rotary_from', 'RotaryEmbedding', [x4, np.array([2]), *angles], 1, (2, 3), interleaved=1, **ms)
    case('rotary_flat', 'RotaryEmbedding', [d.f(2, 3, 16), d.i(2, 3, low=0, high=8), *angles], 1, (2, 3), **ms)
    case('rotary_part', 'RotaryEmbedding', [d.f(2, 3, 24), d.i(2, 3, low=0, high=8), *angles], 1, (2, 3), num_heads=2, rotary_embedding_dim=8, **ms)

    case('fused_matmul', 'FusedMatMul', [d.f(2, 4, 3), d.f(2, 5, 4)], 1, (), alpha=0.5, transA=1, transB=1, **ms)
    case('fused_matmul_batch', 'FusedMatMul', [d.f(4, 2, 3), d.f(2, 3, 5)], 1, (), transBatchA=1, **ms)
    image, kernel = d.f(1, 3, 5, 5), d.f(4, 3, 3, 3)
    case('fused_conv', 'FusedConv', [image, kernel, d.f(4)], 1, (1, 2), activation='LeakyRelu', activation_params=[0.2], **ms)
    case('fused_conv_sum', 'FusedConv', [image, kernel, d.f(4), d.f(1, 4, 5, 5)], 1, (1, 2), activation='Relu', pads=[1, 1, 1, 1], **ms)
    case('fused_gemm', 'FusedGemm', [d.f(2, 3), d.f(3, 4), d.f(4)], 1, (1, 2), activation='Relu', **ms)

    data, scales = d.i(5, 2, 8, low=0, high=256, dtype=np.uint8), d.f(10)
    rest = dict(K=30, N=5, bits=4, block_size=16, **ms)
    case('matmul_nbits', 'MatMulNBits', [d.f(3, 30), data, scales], 1, (1, 2), **rest)
    case('matmul_nbits_zeros', 'MatMulNBits', [d.f(3, 30), data, scales, d.i(5, low=0, high=256, dtype=np.uint8)], 1, (1, 2, 3), **rest)
    case('matmul_8bits', 'MatMulNBits', [d.f(3, 32), d.i(5, 2, 16, low=0, high=256, dtype=np.uint8), d.f(5, 2)], 1, (1, 2), K=32, N=5, bits=8, block_size=16, **ms)
    case('gather_blocks', 'GatherBlockQuantized', [d.i(6, 16, low=0, high=256, dtype=np.uint8), d.i(2, 2, low=0, high=6), d.f(6, 2)], 1, (0, 2), block_size=16, bits=4, gather_axis=0, quantize_axis=1, **ms)


def recurrent():
    d = Draw('recurrent')
    steps, batch, width, hidden = 4, 2, 3, 2
    x = d.f(steps, batch, width)

    def layer(name, op, gates, directions=1, rest=(), outputs=2, **attrs):
        size = gates * hidden
        weights = [d.f(directions, size, width), d.f(directions, size, hidden), d.f(directions, 2 * size)]
        case(name, op, [x, *weights, *rest], outputs, (1, 2, 3), opset=14, hidden_size=hidden, **attrs)

    states = lambda directions: d.f(directions, batch, hidden)
    lengths = np.array([2, 4], np.int32)
    layer('rnn', 'RNN', 1)
    layer('rnn_both', 'RNN', 1, 2, [lengths, states(2)], direction='bidirectional', activations=['Relu', 'LeakyRelu'], activation_alpha=[0.1])
    layer('rnn_clip', 'RNN', 1, clip=0.3, direction='reverse')
    layer('gru_before', 'GRU', 3)
    layer('gru_lengths', 'GRU', 3, 2, [lengths, states(2)], direction='bidirectional')
    layer('gru_after_lengths', 'GRU', 3, 1, [lengths], linear_before_reset=1, direction='reverse')
    layer('gru_affine', 'GRU', 3, activations=['HardSigmoid', 'Affine'], activation_alpha=[0.3, 0.5], activation_beta=[0.4, 0.1])
    layer('lstm_lengths', 'LSTM', 4, 2, [lengths, states(2), states(2)], 3, direction='bidirectional')
    layer('lstm_peepholes', 'LSTM', 4, 1, [None, None, None, d.f(1, 3 * hidden)], 3)
    layer('lstm_clip', 'LSTM', 4, 1, [], 3, clip=0.2, direction='reverse')
    layer('lstm_coupled', 'LSTM', 4, 1, [], 3, input_forget=1)
    layer('lstm_activations', 'LSTM', 4, 1, [], 3, activations=['HardSigmoid', 'Softsign', 'Elu'], activation_alpha=[0.3, 0.5], activation_beta=[0.4])


norms()
quantized()
attention()
recurrent()
