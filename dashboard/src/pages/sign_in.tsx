// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState, type FormEvent } from "react";
import { ApiError, signIn } from "../api/client";
import type { Session } from "../api/types";
import { ThemeToggle } from "../ui/header";
import { Icon, Logo } from "../ui/icons";
import { useTitle } from "../ui/parts";

function failureText(error: unknown): string {
  if (error instanceof ApiError && error.code === "invalid_credentials") {
    return "User name and password do not match.";
  }
  return error instanceof Error ? error.message : "Signing in failed.";
}

export function SignInPage(props: { ended: boolean; onSignedIn: (session: Session) => void }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [visible, setVisible] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [waitS, setWaitS] = useState(0);
  const passwordField = useRef<HTMLInputElement>(null);
  useTitle("Sign in");

  useEffect(() => {
    if (waitS <= 0) return;
    const timer = setTimeout(() => setWaitS(waitS - 1), 1000);
    return () => clearTimeout(timer);
  }, [waitS]);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (busy || waitS > 0) return;
    setBusy(true);
    setFailure(null);
    try {
      props.onSignedIn(await signIn(username.trim(), password));
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.status === 429) {
        setWaitS(error.retryAfterS ?? 30);
        setFailure("Too many attempts.");
        return;
      }
      setFailure(failureText(error));
      passwordField.current?.select();
    }
  }

  return (
    <main className="sign-in">
      <div className="sign-in-theme">
        <ThemeToggle />
      </div>
      <form className="card sign-in-card" onSubmit={(event) => void submit(event)}>
        <div className="sign-in-brand">
          <Logo />
          <h1>Sign in to Ohmstead</h1>
          <p className="muted">Electricity, measured and switched.</p>
        </div>
        {props.ended && failure === null && (
          <p className="note" data-kind="info" role="status">
            <Icon name="signOut" />
            The session has ended. Please sign in again.
          </p>
        )}
        <label className="field">
          <span>User name</span>
          <input
            className="input"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        </label>
        <div className="field">
          <label htmlFor="password">Password</label>
          <div className="input-group">
            <input
              ref={passwordField}
              id="password"
              className="input"
              name="password"
              type={visible ? "text" : "password"}
              autoComplete="current-password"
              required
              aria-describedby={failure === null ? undefined : "sign-in-failure"}
              aria-invalid={failure !== null}
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            <button
              className="icon-button"
              type="button"
              aria-label={visible ? "Hide password" : "Show password"}
              aria-pressed={visible}
              onClick={() => setVisible(!visible)}
            >
              <Icon name={visible ? "eyeOff" : "eye"} />
            </button>
          </div>
        </div>
        {failure !== null && (
          <p className="note" data-kind="error" id="sign-in-failure" role="alert">
            <Icon name="warning" />
            <span>
              {failure}
              {waitS > 0 && <span aria-hidden="true"> Try again in {waitS} s.</span>}
            </span>
          </p>
        )}
        <button
          className="button"
          data-kind="primary"
          data-size="large"
          type="submit"
          aria-disabled={busy || waitS > 0}
        >
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
