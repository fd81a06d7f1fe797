/** Pictures: read from a file, written as text on a page, and cut out, turned and scaled. */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** What is used of a canvas. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): Context;
  toBuffer(type: 'image/png'): Buffer;
}
interface Context {
  fillStyle: string;
  font: string;
  imageSmoothingQuality: string;
  drawImage(image: unknown, x: number, y: number, width?: number, height?: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  scale(x: number, y: number): void;
  rotate(radians: number): void;
  translate(x: number, y: number): void;
}
interface CanvasModule {
  readonly GlobalFonts: { registerFromPath(path: string, family: string): unknown };
  createCanvas(width: number, height: number): Canvas;
  loadImage(data: Buffer): Promise<{ readonly width: number; readonly height: number }>;
}

const require = createRequire(import.meta.url);
const { createCanvas, GlobalFonts, loadImage } = require('@napi-rs/canvas') as CanvasModule;

export type Picture = Canvas;

/** Pixels as red, green, blue, alpha. */
export const pixelsOf = (picture: Picture): Uint8ClampedArray =>
  picture.getContext('2d').getImageData(0, 0, picture.width, picture.height).data;

/** Reads PNG, JPEG, WebP, AVIF or GIF. */
export async function readPicture(path: string): Promise<Picture> {
  const image = await loadImage(await readFile(path));
  const picture = blank(image.width, image.height);
  picture.getContext('2d').drawImage(image, 0, 0);
  return picture;
}

/** Lines of text on a white page. */
export async function writePage(path: string, lines: readonly string[]): Promise<void> {
  GlobalFonts.registerFromPath(require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'), 'Page');
  const page = blank(900, 60 + lines.length * 56);
  const context = page.getContext('2d');
  context.fillStyle = '#111';
  context.font = '28px Page';
  for (const [i, line] of lines.entries()) context.fillText(line, 40, 62 + i * 56);
  await writeFile(path, page.toBuffer('image/png'));
}

/** Scaled to fit into the top left corner of a square. */
export function fitted(picture: Picture, side: number): { readonly square: Picture; readonly scale: number } {
  const scale = side / Math.max(picture.width, picture.height);
  const square = blank(side, side);
  const context = square.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, Math.round(picture.width * scale), Math.round(picture.height * scale));
  return { square, scale };
}

/** A rectangle in a picture, turned about its centre; its text runs along `width`. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Radians, clockwise. */
  readonly angle: number;
}

/** What is inside the rectangle, upright, in the given size. */
export function cutOut(picture: Picture, from: Rectangle, width: number, height: number): Picture {
  const cut = blank(width, height);
  const context = cut.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.scale(width / from.width, height / from.height);
  context.translate(from.width / 2, from.height / 2);
  context.rotate(-from.angle);
  context.translate(-from.x, -from.y);
  context.drawImage(picture, 0, 0);
  return cut;
}

function blank(width: number, height: number): Canvas {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  return canvas;
}
