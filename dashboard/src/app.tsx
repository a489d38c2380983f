// SPDX-License-Identifier: MIT
import {
  QueryClient,
  QueryClientProvider,
  skipToken,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import {
  ApiError,
  currentSession,
  setSignedOutHandler,
  signOut,
  UnreachableError,
} from "./api/client";
import type { Device, Session } from "./api/types";
import { LiveProvider, type LiveScope } from "./live";
import { AddDevicePage } from "./pages/add_device";
import { DevicePage } from "./pages/device";
import { DevicesPage, isLargeFleet } from "./pages/devices";
import { IdentitiesPage } from "./pages/identities";
import { SignInPage } from "./pages/sign_in";
import { useRoute } from "./router";
import { ConnectionBanner } from "./ui/connection_banner";
import { ErrorBoundary } from "./ui/error_boundary";
import { Header } from "./ui/header";
import { EmptyState, Spinner } from "./ui/parts";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (failures, error) => error instanceof UnreachableError && failures < 2,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Gate />
    </QueryClientProvider>
  );
}

/** Shows the sign-in or the application, as the session is. */
function Gate() {
  const client = useQueryClient();
  const [ended, setEnded] = useState(false);
  const session = useQuery({
    queryKey: ["session"],
    queryFn: ({ signal }) => currentSession(signal),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });

  useEffect(() => {
    setSignedOutHandler(() => {
      if (client.getQueryData(["session"]) === null) return;
      setEnded(true);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      client.setQueryData(["session"], null);
    });
  }, [client]);

  function enter(entered: Session): void {
    setEnded(false);
    client.setQueryData(["session"], entered);
  }

  async function leave(): Promise<void> {
    await signOut().catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
    setEnded(false);
    client.setQueryData(["session"], null);
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  }

  if (session.isPending) {
    return (
      <main className="centred">
        <Spinner label="Loading" />
      </main>
    );
  }
  if (session.isError) {
    return (
      <main className="centred">
        <EmptyState title="The server cannot be reached" icon="cloud">
          <p>Measurements and switching need it. They come back by themselves once it answers.</p>
          <button className="button" onClick={() => void session.refetch()}>
            Try again
          </button>
          <RetryEvery seconds={5} retry={() => void session.refetch()} />
        </EmptyState>
      </main>
    );
  }
  if (session.data === null) return <SignInPage ended={ended} onSignedIn={enter} />;
  return <Shell session={session.data} onSignOut={leave} />;
}

function RetryEvery(props: { seconds: number; retry: () => void }) {
  const { seconds, retry } = props;
  useEffect(() => {
    const timer = setInterval(retry, seconds * 1000);
    return () => clearInterval(timer);
  });
  return null;
}

function Shell(props: { session: Session; onSignOut: () => Promise<void> }) {
  const route = useRoute();
  const deviceId = route.page === "device" ? route.deviceId : null;
  const fleet = useQuery<Device[]>({ queryKey: ["devices"], queryFn: skipToken });
  const scope: LiveScope =
    deviceId !== null ? { deviceId } : isLargeFleet(fleet.data) ? "none" : "fleet";

  // A new page begins at its top, for the eyes and for screen readers.
  const place = deviceId ?? route.page;
  const shown = useRef(place);
  useEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [place]);

  return (
    <LiveProvider scope={scope}>
      <button
        className="skip-link"
        onClick={() => document.getElementById("main")?.focus()}
        type="button"
      >
        Skip to content
      </button>
      <Header username={props.session.user.username} onSignOut={props.onSignOut} />
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        <ErrorBoundary key={place}>
          {route.page === "devices" && <DevicesPage />}
          {route.page === "add" && <AddDevicePage />}
          {route.page === "identities" && <IdentitiesPage />}
          {route.page === "device" && (
            <DevicePage key={route.deviceId} deviceId={route.deviceId} tab={route.tab} />
          )}
        </ErrorBoundary>
      </main>
    </LiveProvider>
  );
}
