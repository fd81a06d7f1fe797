/**
 * From a map of probabilities to rectangles around lines of text, as DB does it (Liao et al., Real-time Scene Text
 * Detection with Differentiable Binarization, AAAI 2020, §3.4): areas of likely pixels, the smallest rectangle around
 * each, made larger by what the network was taught to leave out.
 */
import type { Rectangle } from './pictures.ts';

/** Pixels above it belong to text. */
const LIKELY = 0.3;
/** Areas below it on average are dropped. */
const CONFIDENT = 0.6;
/** How much larger: area · UNCLIP / perimeter on each side. */
const UNCLIP = 1.6;
/** Pixels of the map. */
const THINNEST = 3;

type Point = readonly [x: number, y: number];

/** Rectangles in pixels of the map, in the order of reading. */
export function findLines(map: Float32Array, width: number, height: number): Rectangle[] {
  const found: Rectangle[] = [];
  for (const { points, mean } of areas(map, width, height)) {
    if (mean < CONFIDENT) continue;
    const tight = smallestRectangle(hull(points));
    if (Math.min(tight.width, tight.height) < THINNEST) continue;
    const grown = (tight.width * tight.height * UNCLIP) / (tight.width + tight.height);
    found.push(upright({ ...tight, width: tight.width + grown, height: tight.height + grown }));
  }
  return inReadingOrder(found);
}

interface Area {
  readonly points: readonly Point[];
  readonly mean: number;
}

/** Likely pixels that touch each other. */
function* areas(map: Float32Array, width: number, height: number): Generator<Area> {
  const seen = new Uint8Array(map.length);
  for (let start = 0; start < map.length; start++) {
    if (seen[start] === 1 || map[start]! <= LIKELY) continue;
    seen[start] = 1;
    const open = [start];
    const points: Point[] = [];
    let sum = 0;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      sum += map[at]!;
      // The corners of the pixel, so that a line of one pixel has a height.
      points.push([x, y], [x + 1, y], [x, y + 1], [x + 1, y + 1]);
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++)
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (seen[next] === 1 || map[next]! <= LIKELY) continue;
          seen[next] = 1;
          open.push(next);
        }
    }
    yield { points, mean: (4 * sum) / points.length };
  }
}

/** The convex hull (Andrew's monotone chain). */
function hull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const side = (from: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of from) {
      while (chain.length >= 2 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...side(sorted), ...side(sorted.toReversed())];
}

const turn = (a: Point, b: Point, c: Point): number =>
  (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** Of the rectangles that lie along an edge of the hull, the one of the smallest area. */
function smallestRectangle(corners: readonly Point[]): Rectangle {
  let smallest: Rectangle | undefined;
  for (const [i, from] of corners.entries()) {
    const to = corners[(i + 1) % corners.length]!;
    const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const along = corners.map(([x, y]) => x * cos + y * sin);
    const across = corners.map(([x, y]) => y * cos - x * sin);
    const [left, right] = [Math.min(...along), Math.max(...along)];
    const [top, bottom] = [Math.min(...across), Math.max(...across)];
    const [width, height] = [right - left, bottom - top];
    if (smallest !== undefined && width * height >= smallest.width * smallest.height) continue;
    const [u, v] = [(left + right) / 2, (top + bottom) / 2];
    smallest = { x: u * cos - v * sin, y: u * sin + v * cos, width, height, angle };
  }
  return smallest!;
}

/** The same rectangle, with the angle that reads from left to right; one that is tall is read from top to bottom. */
function upright(given: Rectangle): Rectangle {
  const quarters = Math.round(given.angle / (Math.PI / 2));
  const swapped = quarters % 2 !== 0;
  const [width, height] = swapped ? [given.height, given.width] : [given.width, given.height];
  const angle = given.angle - quarters * (Math.PI / 2);
  return height < 1.5 * width
    ? { ...given, width, height, angle }
    : { ...given, width: height, height: width, angle: angle + Math.PI / 2 };
}

/** From top to bottom; what stands side by side, from left to right. */
function inReadingOrder(rectangles: readonly Rectangle[]): Rectangle[] {
  const rows: Rectangle[][] = [];
  for (const rectangle of [...rectangles].sort((a, b) => a.y - b.y)) {
    const row = rows.at(-1);
    if (row !== undefined && rectangle.y - row[0]!.y < row[0]!.height / 2) row.push(rectangle);
    else rows.push([rectangle]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.x - b.x));
}
