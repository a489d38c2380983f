// SPDX-License-Identifier: MIT

/// Draws the wiring of docs/hardware.md and writes its table of pins, both from the pins that the ESP-IDF
/// project's Kconfig gives each chip by default, so that they cannot disagree with the program.
///
/// Usage: node tools/draw_wiring.mjs [--check]    --check changes nothing and fails when something would change

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const kconfig = join(root, 'firmware/ports/esp_idf/main/Kconfig.projbuild');
const document = join(root, 'docs/hardware.md');

// Chips, and what their pins are besides (ESP-IDF v5.5, docs/en/api-reference/peripherals/gpio/*.inc).
const chips = [
    { target: 'esp32', name: 'ESP32-WROOM-32', strapping: [0, 2, 5, 12, 15], inputOnly: [34, 35, 36, 37, 38, 39], console: [1, 3] },
    { target: 'esp32s3', name: 'ESP32-S3-WROOM-1', strapping: [0, 3, 45, 46], inputOnly: [], console: [43, 44] },
    { target: 'esp32c3', name: 'ESP32-C3-MINI-1', strapping: [2, 8, 9], inputOnly: [], console: [20, 21] },
];

const rows = [
    ['VOLTAGE', 'voltage', 'in'], ['CURRENT_0', 'current 0', 'in'], ['CURRENT_1', 'current 1', 'in'],
    ['CURRENT_2', 'current 2', 'in'], ['CURRENT_3', 'current 3', 'in'], ['CURRENT_4', 'current 4', 'in'],
    ['CURRENT_5', 'current 5', 'in'], ['CURRENT_6', 'current 6', 'in'], ['CURRENT_7', 'current 7', 'in'],
    ['MUX_S0', 'multiplexer S0', 'mux'], ['MUX_S1', 'multiplexer S1', 'mux'], ['MUX_S2', 'multiplexer S2', 'mux'],
    ['ADS_SCLK', 'ADS131M08 SCLK', 'ads'], ['ADS_MOSI', 'ADS131M08 DIN', 'ads'], ['ADS_MISO', 'ADS131M08 DOUT', 'ads'],
    ['ADS_CS', 'ADS131M08 CS', 'ads'], ['ADS_DRDY', 'ADS131M08 DRDY', 'ads'],
    ['RELAY_DATA', '74HC595 DATA (DS)', 'relay'], ['RELAY_CLOCK', '74HC595 CLOCK (SH_CP)', 'relay'],
    ['RELAY_LATCH', '74HC595 LATCH (ST_CP)', 'relay'], ['RELAY_ENABLE', '74HC595 OE', 'relay'],
    ['BUTTON', 'button, to ground', 'panel'], ['LED', 'status LED', 'panel'], ['TAMPER', 'switch of the case', 'panel'],
    ['SOLAR_TX', 'solar UART TX', 'solar'], ['SOLAR_RX', 'solar UART RX', 'solar'],
    ['RS485_TX', 'RS-485 TX', 'rs485'], ['RS485_RX', 'RS-485 RX', 'rs485'], ['RS485_DE', 'RS-485 driver enable', 'rs485'],
    ['I2C_SDA', 'I2C SDA (ATECC608A)', 'i2c'], ['I2C_SCL', 'I2C SCL', 'i2c'],
];

/// Whether a Kconfig condition such as "IDF_TARGET_ESP32C3 && OHM_PROFILE_SMART_PLUG" holds for the meter's profile.
function holds(condition, target) {
    const known = new Set([`IDF_TARGET_${target.toUpperCase()}`, 'OHM_PROFILE_ENERGY_METER', 'OHM_SOURCE_ADC', 'OHM_NETWORK_WIFI']);
    return condition.split('||').some((or) => or.split('&&').every((and) => {
        const name = and.replace(/[()]/g, '').trim();
        return name.startsWith('!') ? !known.has(name.slice(1)) : known.has(name);
    }));
}

function readPins(text) {
    const pins = new Map();
    let name;
    for (const line of text.split('\n')) {
        name = line.match(/^\s*config OHM_(\w+)_GPIO$/)?.[1] ?? (/^\s*(config|choice|menu|endmenu)\b/.test(line) ? undefined : name);
        const value = name && line.match(/^\s*default (-?\d+)(?: if (.*))?$/);
        if (!value) continue;
        for (const { target } of chips) {
            const key = `${target} ${name}`;
            if (!pins.has(key) && (!value[2] || holds(value[2], target))) pins.set(key, Number(value[1]));
        }
    }
    return pins;
}

const pins = readPins(readFileSync(kconfig, 'utf8'));
const pinOf = (chip, name) => pins.get(`${chip.target} ${name}`);

function table() {
    const cell = (chip, name) => {
        const pin = pinOf(chip, name);
        if (pin === undefined) throw new Error(`${kconfig} has no OHM_${name}_GPIO`);
        if (pin < 0) return '–';
        const marks = [chip.strapping.includes(pin) ? 's' : '', chip.inputOnly.includes(pin) ? 'i' : '', chip.console.includes(pin) ? 'c' : ''].join('');
        return `${pin}${marks && ` ${marks}`}`;
    };
    return [`| what | in menuconfig | ${chips.map((chip) => chip.name).join(' | ')} |`, `|---|---|${chips.map(() => '---|').join('')}`,
        ...rows.map(([name, what]) => `| ${what} | \`OHM_${name}_GPIO\` | ${chips.map((chip) => cell(chip, name)).join(' | ')} |`)].join('\n');
}

// Drawing

const style = `<style>
    rect { fill: #f4f6f8; stroke: #47576b; stroke-width: 1.2 }
    .chip { fill: #e4ecf4 } .mains { fill: #fbe3dc; stroke: #b3361b }
    text { fill: #1d2733 } .small { font-size: 11.5px; fill: #47576b } .title { font-weight: 600 } .mid { text-anchor: middle } .end { text-anchor: end }
    path { stroke: #1f6f54; stroke-width: 1.6; fill: none } .hot { stroke: #b3361b; stroke-width: 2.2 } .thin { stroke: #47576b; stroke-width: 1.2 }
    .barrier { stroke: #b3361b; stroke-width: 2; stroke-dasharray: 7 5 } .warn { fill: #b3361b; font-weight: 600 } .dot { fill: #1f6f54; stroke: none }
    .back { fill: #ffffff; stroke: none }
  </style>`;

function picture(width, height, label, parts) {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${label}">
  <!-- Drawn by tools/draw_wiring.mjs. -->
  ${style}
  <rect class="back" width="${width}" height="${height}"/>
  ${parts.flat(Infinity).join('\n  ')}
</svg>
`;
}

const box = (x, y, width, height, kind = '') => `<rect${kind && ` class="${kind}"`} x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;
const text = (x, y, words, kind = '') => `<text${kind && ` class="${kind}"`} x="${x}" y="${y}">${words}</text>`;
const wire = (points, kind = '') => `<path${kind && ` class="${kind}"`} d="M${points}"/>`;
const dot = (x, y) => `<circle class="dot" cx="${x}" cy="${y}" r="3.2"/>`;
const resistor = (x, y, upright) => (upright ? box(x - 7, y - 20, 14, 40) : box(x - 20, y - 7, 40, 14));
const capacitor = (x, y) => [wire(`${x - 13} ${y - 4}h26`, 'thin'), wire(`${x - 13} ${y + 4}h26`, 'thin')];
const ground = (x, y) => [wire(`${x} ${y}v8`, 'thin'), wire(`${x - 11} ${y + 8}h22`, 'thin'), wire(`${x - 6} ${y + 13}h12`, 'thin'), wire(`${x - 2} ${y + 18}h4`, 'thin')];

/// The whole board: what is on which pin of a chip.
function board(chip) {
    const groups = [
        { side: 'left', kind: 'in', title: 'inputs', note: 'each through its own bias and filter' },
        { side: 'left', kind: 'panel', title: 'button, LED', note: 'button closes to ground' },
        { side: 'right', kind: 'relay', title: '74HC595, ULN2803A', note: 'eight relays' },
        { side: 'right', kind: 'solar', title: 'solar charge controller', note: '3.3 V levels, isolated' },
        { side: 'right', kind: 'rs485', title: 'RS-485 transceiver', note: 'isolated; 120 Ω at both ends' },
        { side: 'right', kind: 'i2c', title: 'ATECC608A-TNGTLS', note: 'address 0x35; 4.7 kΩ to 3.3 V' },
    ];
    const next = { left: 70, right: 70 };
    const parts = [];
    for (const group of groups) {
        const used = rows.filter(([name, , kind]) => kind === group.kind && pinOf(chip, name) >= 0);
        if (used.length === 0) continue;
        const height = Math.max(52, 22 * used.length + 12);
        const top = next[group.side];
        next[group.side] += height + 18;
        const left = group.side === 'left';
        parts.push(box(left ? 20 : 640, top, 220, height), text(left ? 30 : 650, top + 22, group.title, 'title'), text(left ? 30 : 650, top + 40, group.note, 'small'));
        used.forEach(([name, what], n) => {
            const y = top + 18 + 22 * n + (used.length === 1 ? 8 : 0);
            const short = what.replace(/^(74HC595|RS-485|solar UART|I2C) | \(ATECC608A\)|, to ground/g, '');
            parts.push(wire(left ? `240 ${y}H370` : `530 ${y}H640`), text(left ? 376 : 524, y + 4, `GPIO ${pinOf(chip, name)}`, left ? '' : 'end'));
            parts.push(text(left ? 305 : 585, y - 4, short, 'small mid'));
        });
    }
    const height = Math.max(next.left, next.right) + 40;
    return picture(880, height, `What is connected to which pin of the ${chip.name}`, [
        text(440, 30, `${chip.name}: pins as menuconfig has them by default`, 'title mid'),
        box(370, 50, 160, height - 110, 'chip'), parts,
        text(440, height - 22, 'Supply 3.3 V from an isolated source; 100 nF at every chip, 10 µF at the module. Grounds meet at one point.', 'small mid'),
    ]);
}

/// One current and the voltage, from the mains to the pin.
function inputs() {
    const row = (y, kind) => [
        wire(`330 ${y}H460`), resistor(480, y, false), wire(`500 ${y}H700`), text(480, y - 14, '1 kΩ', 'small mid'),
        dot(550, y), wire(`550 ${y}V${y + 36}`, 'thin'), capacitor(550, y + 40), wire(`550 ${y + 44}V${y + 60}`, 'thin'), ground(550, y + 60), text(532, y + 44, '33 nF', 'small end'),
        dot(640, y), wire(`640 ${y}V${y + 24}`, 'thin'), box(608, y + 24, 64, 30), text(640, y + 44, 'BAT54S', 'small mid'), text(680, y + 44, 'to 3.3 V and ground', 'small'),
        box(700, y - 20, 140, 40, 'chip'), text(770, y + 5, kind, 'mid'),
    ];
    return picture(880, 570, 'A current transformer with its burden and the voltage behind an adaptor, each about a bias of 1.3 volts', [
        text(440, 28, 'Inputs: everything swings about the bias; one burden for each transformer, one bias for all', 'title mid'),
        // A current.
        wire('20 70H190', 'hot'), text(24, 62, 'L, one insulated conductor', 'small'), box(70, 76, 90, 70), text(115, 106, 'SCT-013', 'title mid'), text(115, 124, 'clipped on', 'small mid'),
        wire('160 96H330V100'), wire('160 138H400'), dot(250, 96), dot(250, 138), box(243, 98, 14, 38), text(266, 121, 'burden, –000 only', 'small'), row(100, 'ADC1: current'),
        // The voltage.
        wire('20 240H60', 'hot'), wire('20 270H60', 'hot'), text(24, 232, 'L', 'small'), text(24, 288, 'N', 'small'), box(60, 222, 110, 66, 'mains'), text(115, 250, '9 V AC adaptor', 'mid'), text(115, 268, 'class II', 'small mid'),
        wire('170 240H230'), resistor(250, 240, false), text(250, 226, '100 kΩ', 'small mid'), wire('270 240H330'),
        dot(310, 240), resistor(310, 265, true), text(322, 270, '6.8 kΩ', 'small'), wire('170 270H210V290H400'), wire('310 285V290'), dot(310, 290), dot(400, 290), row(240, 'ADC1: voltage'),
        // The bias.
        wire('400 138V390H660'), text(408, 190, 'bias', 'small'), text(408, 384, 'bias, 1.33 V: the middle of 0.15 to 2.45 V', 'small'),
        dot(660, 390), wire('660 390H710'), resistor(730, 390, false), text(730, 376, '10 kΩ', 'small mid'), wire('750 390H800'), text(806, 394, '3.3 V', 'small'),
        wire('660 390V402', 'thin'), resistor(660, 422, true), wire('660 442V450', 'thin'), ground(660, 450), text(674, 426, '6.8 kΩ', 'small'),
        dot(580, 390), wire('580 390V418', 'thin'), capacitor(580, 422), wire('580 426V450', 'thin'), ground(580, 450), text(562, 426, '10 µF + 100 nF', 'small end'),
        // The other way to the voltage.
        text(60, 440, 'or, instead of adaptor and divider:', 'small'), box(60, 456, 150, 62, 'mains'), text(135, 482, 'ZMPT101B module', 'mid'), text(135, 500, 'supplied with 3.3 V', 'small mid'),
        text(224, 482, 'L and N through a 100 mA fuse, inside the closed case. Its output goes straight to 1 kΩ: it has a bias of', 'small'),
        text(224, 500, 'its own, half its supply. Trim it so that the highest voltage does not reach the end of the range.', 'small'),
    ]);
}

/// From the register to a relay's contacts.
function relays() {
    const chip = chips[0];
    const line = (y, words, pin) => [wire(`20 ${y}H200`), text(26, y - 5, `GPIO ${pin} → ${words}`, 'small')];
    const output = (n) => [wire(`320 ${92 + 22 * n}H410`), text(365, 88 + 22 * n, `Q${'ABCDEFGH'[n]}: relay ${n}`, 'small mid')];
    return picture(880, 400, 'A 74HC595 drives a ULN2803A, which drives relay coils; contacts are on the other side of the isolation', [
        text(440, 28, 'Relays: the register at 3.3 V, coils at 12 V, the mains beyond the barrier', 'title mid'),
        box(200, 70, 120, 210, 'chip'), text(260, 180, '74HC595', 'title mid'), text(260, 198, '3.3 V', 'small mid'),
        line(100, 'DATA (DS)', pinOf(chip, 'RELAY_DATA')), line(140, 'CLOCK (SH_CP)', pinOf(chip, 'RELAY_CLOCK')), line(180, 'LATCH (ST_CP)', pinOf(chip, 'RELAY_LATCH')),
        wire('20 220H200'), text(26, 215, 'OE, 10 kΩ to 3.3 V', 'small'), wire('20 258H200'), text(26, 253, 'MR to 3.3 V', 'small'),
        [0, 1, 2, 3, 4, 5, 6, 7].map(output),
        box(410, 70, 110, 210, 'chip'), text(465, 160, 'ULN2803A', 'title mid'), text(465, 178, 'COM to 12 V', 'small mid'), text(465, 196, '(its diodes', 'small mid'), text(465, 212, 'take the coils)', 'small mid'),
        wire('520 120H590'), box(590, 90, 80, 60), text(630, 116, 'coil', 'mid'), text(630, 134, '12 V, 30 mA', 'small mid'), wire('630 90V62H560'), text(552, 66, '12 V', 'small end'),
        text(590, 186, 'seven more', 'small'), wire('520 182H580'),
        wire('700 50V330', 'barrier'), text(700, 350, 'reinforced isolation: 8 mm, 4 kV', 'warn mid'),
        box(730, 90, 110, 60, 'mains'), text(785, 116, 'contact', 'mid'), text(785, 134, 'own fuse', 'small mid'), wire('730 105H710', 'hot'), wire('840 120H870', 'hot'), text(866, 112, 'load', 'small end'), text(716, 82, 'L', 'small'), wire('710 105V60', 'hot'),
        text(20, 320, 'OE: with OHM_RELAY_ENABLE_GPIO the pin drives it, low is on, and relays stay open until the register', 'small'),
        text(20, 338, 'holds what it should. Without a pin, tie OE to ground instead: relays may click at power-up.', 'small'),
        text(20, 378, 'All coils at once: 8 × 30 mA = 240 mA at 12 V. A 5 V coil of 71 mA sees 4 V behind a Darlington: too little.', 'small'),
    ]);
}

const outputs = new Map([
    ...chips.map((chip) => [join(root, `docs/images/wiring_${chip.target}.svg`), board(chip)]),
    [join(root, 'docs/images/wiring_inputs.svg'), inputs()],
    [join(root, 'docs/images/wiring_relays.svg'), relays()],
    [document, readFileSync(document, 'utf8').replace(/(<!-- pins:[^\n]*-->\n)[\s\S]*?(<!-- end of pins -->)/, `$1\n${table()}\n\n$2`)],
]);

let stale = 0;
for (const [path, content] of outputs) {
    let old = '';
    try {
        old = readFileSync(path, 'utf8');
    } catch (fault) {
        if (fault.code !== 'ENOENT') throw fault;
    }
    if (old === content) continue;
    stale++;
    if (process.argv[2] === '--check') console.error(`${path} is not what the pins of ${kconfig} say: run node tools/draw_wiring.mjs`);
    else writeFileSync(path, content);
}
process.exit(process.argv[2] === '--check' && stale > 0 ? 1 : 0);
