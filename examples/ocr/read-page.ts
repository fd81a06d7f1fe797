/** The pipeline: lines are found, turned the right way up, and read. */
import { readFileSync } from 'node:fs';
import { findLines } from './boxes.ts';
import {
  DETECT_SIDE,
  detector,
  dictionaryFile,
  LINE_HEIGHT,
  type Network,
  READ_WIDTHS,
  readerOf,
  TURN_WIDTH,
  turner,
} from './networks.ts';
import { cutOut, fitted, type Picture, pixelsOf, type Rectangle } from './pictures.ts';

/** Runs a network on its only input; what is in its only output. */
export type Run = (network: Network, input: Float32Array) => Promise<Float32Array>;

export interface Line {
  readonly text: string;
  /** Mean probability of its characters. */
  readonly confidence: number;
}

/** Lines that are less sure are noise. */
const CONFIDENT = 0.5;
const TURNED = 0.5;

const imageNet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const centred = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };

/** Channels first, in the order blue, green, red that the networks were taught with; zeros right of the picture. */
function planes(picture: Picture, width: number, { mean, deviation }: typeof centred): Float32Array {
  const pixels = pixelsOf(picture);
  const result = new Float32Array(3 * picture.height * width);
  for (let channel = 0; channel < 3; channel++)
    for (let y = 0; y < picture.height; y++)
      for (let x = 0; x < picture.width; x++) {
        const value = pixels[4 * (y * picture.width + x) + 2 - channel]! / 255;
        result[(channel * picture.height + y) * width + x] = (value - mean[channel]!) / deviation[channel]!;
      }
  return result;
}

export async function readPage(picture: Picture, run: Run): Promise<Line[]> {
  const { square, scale } = fitted(picture, DETECT_SIDE);
  const map = await run(detector, planes(square, DETECT_SIDE, imageNet));
  const lines: Line[] = [];
  for (const found of findLines(map, DETECT_SIDE, DETECT_SIDE)) {
    const { x, y, width, height } = found;
    const place = { ...found, x: x / scale, y: y / scale, width: width / scale, height: height / scale };
    const readings = [await readLine(picture, place, run)];
    // The network is wrong at times: of the two ways the one that reads better is right.
    if (await seemsTurned(picture, place, run))
      readings.push(await readLine(picture, { ...place, angle: place.angle + Math.PI }, run));
    const line = readings.reduce((best, other) => (other.confidence > best.confidence ? other : best));
    if (line.confidence >= CONFIDENT) lines.push(line);
  }
  return lines;
}

const widthAt = ({ width, height }: Rectangle, most: number): number =>
  Math.min(most, Math.max(1, Math.round((LINE_HEIGHT * width) / height)));

/** Whether the line seems to stand upside down. */
async function seemsTurned(picture: Picture, place: Rectangle, run: Run): Promise<boolean> {
  const cut = cutOut(picture, place, widthAt(place, TURN_WIDTH), LINE_HEIGHT);
  const [, turned] = await run(turner, planes(cut, TURN_WIDTH, centred));
  return turned! > TURNED;
}

async function readLine(picture: Picture, place: Rectangle, run: Run): Promise<Line> {
  const wanted = widthAt(place, READ_WIDTHS.at(-1)!);
  const width = READ_WIDTHS.find((one) => one >= wanted)!;
  const cut = cutOut(picture, place, wanted, LINE_HEIGHT);
  return decode(await run(readerOf(width), planes(cut, width, centred)));
}

/** Class 0 is no character, the last one is a space. */
const characters = ['', ...readFileSync(dictionaryFile, 'utf8').split('\n').filter(Boolean), ' '];

/** The likeliest class at each place; repeats are one, what is no character separates (CTC). */
function decode(probabilities: Float32Array): Line {
  const classes = characters.length;
  let text = '';
  let before = 0;
  const sure: number[] = [];
  for (let at = 0; at < probabilities.length; at += classes) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (probabilities[at + c]! > probabilities[at + best]!) best = c;
    if (best !== 0 && best !== before) {
      text += characters[best];
      sure.push(probabilities[at + best]!);
    }
    before = best;
  }
  return { text, confidence: sure.reduce((sum, one) => sum + one, 0) / Math.max(1, sure.length) };
}
