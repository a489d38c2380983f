// SPDX-License-Identifier: MIT
import { useState } from "react";
import { useLive } from "../live";
import { routeHref, useRoute } from "../router";
import { setTheme, useTheme, type Theme } from "../theme";
import { Icon, Logo, type IconName } from "./icons";

const NEXT_THEME: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const THEME_ICON: Record<Theme, IconName> = { system: "screen", light: "sun", dark: "moon" };

export function ThemeToggle() {
  const theme = useTheme();
  return (
    <button
      className="icon-button"
      onClick={() => setTheme(NEXT_THEME[theme])}
      aria-label={`Theme: ${theme}. Change to ${NEXT_THEME[theme]}.`}
      title={`Theme: ${theme}`}
    >
      <Icon name={THEME_ICON[theme]} />
    </button>
  );
}

export function Header(props: { username: string; onSignOut: () => Promise<void> }) {
  const { state } = useLive();
  const route = useRoute();
  const [failed, setFailed] = useState(false);
  const live = state.phase === "open";
  return (
    <header className="header">
      <div className="header-inner">
        <a className="brand" href={routeHref({ page: "devices" })} aria-label="Ohmstead">
          <Logo />
          <span>Ohmstead</span>
        </a>
        <nav className="header-nav" aria-label="Pages">
          <a
            href={routeHref({ page: "devices" })}
            aria-current={route.page === "devices" ? "page" : undefined}
          >
            Devices
          </a>
          <a
            href={routeHref({ page: "identities" })}
            aria-current={route.page === "identities" ? "page" : undefined}
          >
            Identities
          </a>
        </nav>
        <div className="header-end">
          <span className="live-mark" data-live={live || state.phase === "off"}>
            {state.phase === "off" ? "Every 5 s" : live ? "Live" : "Not live"}
          </span>
          <ThemeToggle />
          <span className="header-user">{props.username}</span>
          <button
            className="icon-button"
            aria-label={failed ? "Sign out failed, try again" : "Sign out"}
            title={failed ? "The server could not be reached. Try again." : "Sign out"}
            onClick={() => {
              props.onSignOut().catch(() => setFailed(true));
            }}
          >
            <Icon name={failed ? "warning" : "signOut"} />
          </button>
        </div>
      </div>
    </header>
  );
}
