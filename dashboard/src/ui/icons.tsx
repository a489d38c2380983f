// SPDX-License-Identifier: MIT
// Line icons on a 20-unit square, drawn for this application.

const PATHS = {
  arrowDown: "M10 3.5v13M4.5 11l5.5 5.5 5.5-5.5",
  arrowUp: "M10 16.5v-13M4.5 9 10 3.5 15.5 9",
  chevronLeft: "M12.5 4.5 7 10l5.5 5.5",
  chevronRight: "M7.5 4.5 13 10l-5.5 5.5",
  pencil: "M4 16l.8-3.4L13.5 4l2.5 2.5-8.6 8.7zM11.5 6l2.5 2.5",
  pause: "M7 4.5v11M13 4.5v11",
  play: "M6.5 4.2 15.5 10l-9 5.8z",
  zoomIn:
    "M8.8 14a5.2 5.2 0 1 0 0-10.4 5.2 5.2 0 0 0 0 10.4zM12.7 12.7l4 4M6.5 8.8h4.6M8.8 6.5v4.6",
  zoomOut: "M8.8 14a5.2 5.2 0 1 0 0-10.4 5.2 5.2 0 0 0 0 10.4zM12.7 12.7l4 4M6.5 8.8h4.6",
  back: "M8 5 3.5 9.5 8 14M3.5 9.5h8.5a4.5 4.5 0 0 1 0 9h-1",
  search: "M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.5 13.5l4 4",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.8v1.7M10 16.5v1.7M1.8 10h1.7M16.5 10h1.7M4.2 4.2l1.2 1.2M14.6 14.6l1.2 1.2M4.2 15.8l1.2-1.2M14.6 5.4l1.2-1.2",
  moon: "M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z",
  screen: "M3 4h14v9.5H3zM7.5 17h5M10 13.5V17",
  signOut: "M8 3.5H4v13h4M12.5 6.5 16 10l-3.5 3.5M16 10H8",
  warning: "M10 3 18 16.5H2zM10 8.2v3.8M10 14.2v.2",
  check: "M4 10.5l4 4 8-9",
  close: "M5 5l10 10M15 5 5 15",
  cloud: "M5.5 15.5a3.5 3.5 0 0 1-.3-7 5 5 0 0 1 9.5-.9 4 4 0 0 1 .3 7.9zM3 3l14 14",
  meter: "M3.5 3.5h13v13h-13zM6.5 12a3.8 3.8 0 0 1 7 0M10 12l1.7-3.2",
  eye: "M1.8 10S4.8 4.5 10 4.5 18.2 10 18.2 10 15.2 15.5 10 15.5 1.8 10 1.8 10zM10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  eyeOff: "M1.8 10S4.8 4.5 10 4.5 18.2 10 18.2 10 15.2 15.5 10 15.5 1.8 10 1.8 10zM3.5 17l13-14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon(props: { name: IconName; className?: string }) {
  return (
    <svg
      className={`icon ${props.className ?? ""}`}
      viewBox="0 0 20 20"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[props.name]} />
    </svg>
  );
}

/** The mark of Ohmstead: an ohm sign under a roof. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <path className="logo-roof" d="M11 25 32 9l21 16" />
      <path className="logo-ohm" d="M18 54h7.8v-6.5a12.4 12.4 0 1 1 12.4 0V54H46" />
    </svg>
  );
}
