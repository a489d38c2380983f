// SPDX-License-Identifier: MIT
// The colours of styles/tokens.css, resolved for a canvas.

export interface ChartTheme {
  text: string;
  grid: string;
  net: string;
  import: string;
  export: string;
  surface: string;
  warn: string;
  channels: string[];
  font: string;
}

/** Reads the colours as they are now: canvases know neither var() nor light-dark(). */
export function readChartTheme(): ChartTheme {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (token: string): string => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const theme: ChartTheme = {
    text: colour("text-muted"),
    grid: colour("grid"),
    net: colour("text"),
    import: colour("import"),
    export: colour("export"),
    surface: colour("surface"),
    warn: colour("warn"),
    channels: Array.from({ length: 8 }, (_, channel) => colour(`channel-${channel}`)),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
  };
  probe.remove();
  return theme;
}

/** `rgb(r, g, b)` as getComputedStyle writes it, made translucent. */
export function translucent(rgb: string, alpha: number): string {
  const numbers = rgb.match(/[\d.]+/g)?.slice(0, 3) ?? ["0", "0", "0"];
  return `rgba(${numbers.join(", ")}, ${alpha})`;
}
