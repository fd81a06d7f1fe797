/**
 * The zoo: networks that papers and benchmarks speak of, each in a file short enough to read. Weights are seeded;
 * `parameters` is the number of trained ones as published, and `source` says where.
 */
import type { Model } from 'millrace';
import { alexnet } from './alexnet.ts';
import { bertBase } from './bert.ts';
import { deeplabV3 } from './deeplab.ts';
import { densenet121, densenet201 } from './densenet.ts';
import { efficientnetB0 } from './efficientnet.ts';
import { gpt2Small } from './gpt2.ts';
import { inceptionV3 } from './inception.ts';
import { keywords } from './keywords.ts';
import { lenet } from './lenet.ts';
import { llama260k } from './llama.ts';
import { mobilenetV1, mobilenetV2 } from './mobilenet.ts';
import { mobilenetV3Large, mobilenetV3Small } from './mobilenet-v3.ts';
import { resnet18, resnet50, resnet101, resnet152 } from './resnet.ts';
import { squeezenet10, squeezenet11 } from './squeezenet.ts';
import { unet } from './unet.ts';
import { vgg16, vgg19 } from './vgg.ts';
import { vitB16 } from './vit.ts';
import { wavenet } from './wavenet.ts';
import { whisperTinyEncoder } from './whisper.ts';
import { yolov2 } from './yolov2.ts';
import { yolov3 } from './yolov3.ts';
import { yolov4 } from './yolov4.ts';
import { yolov4P6 } from './yolov4-p6.ts';

export interface ZooEntry {
  readonly model: () => Model;
  readonly parameters: number;
  readonly source: string;
}

const torchvision = (model: () => Model, parameters: number): ZooEntry => ({
  model,
  parameters,
  source: 'torchvision, `num_params` of the weights',
});

/** The bytes of a `.weights` file of Darknet, less its header of 20, hold the running means and variances too. */
const darknet = (model: () => Model, fileBytes: number, observed: number): ZooEntry => ({
  model,
  parameters: (fileBytes - 20) / 4 - observed,
  source: `Darknet: ${fileBytes} bytes of weights, less the ${observed} means and variances`,
});

export const zoo: Readonly<Record<string, ZooEntry>> = {
  lenet: {
    model: lenet,
    parameters: 61_706,
    source: 'LeCun et al. 1998, table of layers, with the second convolution connected to all maps',
  },
  alexnet: torchvision(alexnet, 61_100_840),
  vgg16: torchvision(vgg16, 138_357_544),
  vgg19: torchvision(vgg19, 143_667_240),
  resnet18: torchvision(resnet18, 11_689_512),
  resnet50: torchvision(resnet50, 25_557_032),
  resnet101: torchvision(resnet101, 44_549_160),
  resnet152: torchvision(resnet152, 60_192_808),
  densenet121: torchvision(densenet121, 7_978_856),
  densenet201: torchvision(densenet201, 20_013_928),
  inception_v3: {
    model: inceptionV3,
    parameters: 27_161_264 - 3_326_696,
    source: 'torchvision: 27,161,264 less the 3,326,696 of the auxiliary classifier',
  },
  squeezenet1_0: torchvision(squeezenet10, 1_248_424),
  squeezenet1_1: torchvision(squeezenet11, 1_235_496),
  mobilenet_v1: {
    model: mobilenetV1,
    parameters: 4_231_976,
    source: 'Keras: 4,253,864, of which 21,888 are means and variances',
  },
  mobilenet_v2: torchvision(mobilenetV2, 3_504_872),
  mobilenet_v3_small: torchvision(mobilenetV3Small, 2_542_856),
  mobilenet_v3_large: torchvision(mobilenetV3Large, 5_483_032),
  efficientnet_b0: torchvision(efficientnetB0, 5_288_548),
  deeplabv3_resnet101: {
    model: deeplabV3,
    parameters: 60_996_202 - 2_365_205,
    source: 'torchvision: 60,996,202 less the 2,365,205 of the auxiliary classifier',
  },
  unet: {
    model: unet,
    parameters: 31_037_698,
    source: 'milesial/Pytorch-UNet: 3 channels, 2 classes, transposed convolutions',
  },
  yolov2: darknet(yolov2, 203_934_264, 20_672),
  yolov3: darknet(yolov3, 248_007_048, 52_608),
  yolov4: darknet(yolov4, 257_717_640, 66_304),
  yolov4_p6: darknet(yolov4P6, 510_868_180, 131_840),
  wavenet: {
    model: wavenet,
    parameters: 96 + 18 * 9_440 + 33_024 + 65_792,
    source: 'of this size not published: first layer, 18 dilated layers, the two at the end',
  },
  vit_b_16: torchvision(vitB16, 86_567_656),
  bert_base: {
    model: bertBase,
    parameters: 109_482_240,
    source: 'Hugging Face: BertModel of bert-base-uncased, with its pooler',
  },
  gpt2: {
    model: () => gpt2Small(64),
    parameters: 124_439_808,
    source: 'Hugging Face: GPT2LMHeadModel of gpt2, the tied table counted once',
  },
  llama_260k: {
    model: () => llama260k(64),
    parameters: 260_032,
    source: 'karpathy/tinyllamas: stories260K, "260K"; the tied table counted once',
  },
  whisper_tiny_encoder: {
    model: whisperTinyEncoder,
    parameters: 8_208_384 - 1500 * 384,
    source:
      'Hugging Face: 8,208,384 with the sinusoids, which it counts (`embed_positions`, 1500×384) and nobody trains',
  },
  keywords_lstm: {
    model: keywords,
    parameters: 4 * 118 * (10 + 118 + 2) + 12 * 119,
    source:
      'published in bytes only (table 3: 63.3 KB at 8 bits with activations); layers summed, with both biases of PyTorch',
  },
};
