// SPDX-License-Identifier: MIT
import { useEffect, useState } from "react";
import { useLive } from "../live";
import { Icon } from "./icons";

/** Says when what is on the screen is no longer live. Silent while all is well. */
export function ConnectionBanner() {
  const { state, retryNow } = useLive();
  const [now, setNow] = useState(Date.now);
  const troubled = state.phase === "waiting" || state.phase === "offline";

  useEffect(() => {
    if (!troubled) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [troubled, state]);

  const seconds = state.phase === "waiting" ? Math.ceil((state.retryAtMs - now) / 1000) : 0;
  return (
    <>
      <div className="visually-hidden" role="status">
        {troubled ? "The live connection is lost. Values are not current." : ""}
      </div>
      {troubled && (
        <div className="banner">
          <Icon name="cloud" />
          <p>
            {state.phase === "offline" ? (
              "This computer is offline. Values shown are the last ones received."
            ) : (
              <>
                The live connection is lost.{" "}
                {seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again…"}
              </>
            )}
          </p>
          <button className="button" data-size="small" onClick={retryNow}>
            Try now
          </button>
        </div>
      )}
    </>
  );
}
