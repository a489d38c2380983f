// SPDX-License-Identifier: MIT
// Draws the icon of Ohmstead, an ohm sign under a roof, as SVG and PNG from one description.
import { mkdirSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

const VIEW = 64; // the drawing's own unit square
const BACKGROUND = [20, 27, 45];
const STROKES = [
  { colour: [255, 181, 71], width: 4.6, points: roof() },
  { colour: [240, 245, 255], width: 5.2, points: ohm() },
];

function roof() {
  return [
    [14, 25.5],
    [32, 12],
    [50, 25.5],
  ];
}

/** The ohm sign: a ring that is open below, and two feet. */
function ohm() {
  const points = [[20, 51.4]];
  const [cx, cy, r] = [32, 37.2, 11.2];
  for (let step = 0; step <= 36; step++) {
    const angle = (Math.PI * (120 + (300 * step) / 36)) / 180;
    points.push([cx + r * Math.cos(angle), cy + r * Math.sin(angle)]);
  }
  // The feet meet the ring where it ends, half way down.
  const [left, right] = [points[1], points.at(-1)];
  points.splice(1, 0, [left[0], 51.4]);
  points.push([right[0], 51.4], [44, 51.4]);
  return points;
}

function svg() {
  const paths = STROKES.map(({ colour, width, points }) => {
    const d = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
    return `<path d="${d}" stroke="rgb(${colour})" stroke-width="${width}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${VIEW} ${VIEW}"><rect width="${VIEW}" height="${VIEW}" rx="15" fill="rgb(${BACKGROUND})"/><g fill="none" stroke-linecap="round" stroke-linejoin="round">${paths.join("")}</g></svg>\n`;
}

function squaredDistanceToSegment(x, y, a, b) {
  const [ax, ay, bx, by] = [a[0], a[1], b[0], b[1]];
  const [dx, dy] = [bx - ax, by - ay];
  const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2;
}

function distanceToRoundedSquare(x, y, radius) {
  const qx = Math.abs(x - VIEW / 2) - VIEW / 2 + radius;
  const qy = Math.abs(y - VIEW / 2) - VIEW / 2 + radius;
  return Math.hypot(Math.max(qx, 0), Math.max(qy, 0)) + Math.min(Math.max(qx, qy), 0) - radius;
}

/** Share of a pixel that a shape covers, from the signed distance of its middle to the edge. */
function coverage(distance, pixel) {
  return Math.max(0, Math.min(1, 0.5 - distance / pixel));
}

/** `inset` shrinks the drawing inside a full-bleed background, as maskable icons want it. */
function raster(size, { radius, inset }) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  const pixel = VIEW / size;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [px, py] = [(column + 0.5) * pixel, (row + 0.5) * pixel];
      const [x, y] = [(px - 32) / inset + 32, (py - 32) / inset + 32];
      let colour = BACKGROUND;
      for (const { colour: ink, width, points } of STROKES) {
        let nearest = Infinity;
        for (let i = 1; i < points.length; i++) {
          nearest = Math.min(nearest, squaredDistanceToSegment(x, y, points[i - 1], points[i]));
        }
        const alpha = coverage(Math.sqrt(nearest) - width / 2, pixel / inset);
        colour = colour.map((c, i) => c + (ink[i] - c) * alpha);
      }
      const alpha = radius ? coverage(distanceToRoundedSquare(px, py, radius), pixel) : 1;
      const at = row * (size * 4 + 1) + 1 + column * 4;
      rows.set([...colour.map(Math.round), Math.round(alpha * 255)], at);
    }
  }
  return png(size, rows);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function png(size, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const folder = new URL("../public/icons/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("icon.svg", folder), svg());
for (const size of [192, 512]) {
  writeFileSync(new URL(`icon-${size}.png`, folder), raster(size, { radius: 15, inset: 1 }));
}
writeFileSync(new URL("icon-180.png", folder), raster(180, { radius: 0, inset: 0.9 }));
writeFileSync(new URL("icon-maskable-512.png", folder), raster(512, { radius: 0, inset: 0.78 }));
